//! What every command understands: where the cluster and the state are, and how objects are printed.
//!
//! Says only what was typed; what it comes to is found out in `launch`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Options that every command understands.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// The kubeconfig context to use instead of the current one.
    #[arg(long, global = true, value_name = "CONTEXT", env = "QUARTERDECK_CONTEXT", hide_env_values = true)]
    pub(crate) context: Option<String>,
    /// The kubeconfig file to use instead of $KUBECONFIG and ~/.kube/config.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// The folder that holds the store, the mirrors and the log.
    #[arg(long, global = true, value_name = "FOLDER", env = "QUARTERDECK_STATE", hide_env_values = true)]
    pub(crate) state: Option<PathBuf>,
    /// The configuration file, instead of config.toml in the configuration folder.
    #[arg(
        long = "config-file",
        id = "config-file",
        global = true,
        value_name = "FILE",
        env = "QUARTERDECK_CONFIG",
        hide_env_values = true
    )]
    pub(crate) config: Option<PathBuf>,
    /// Looks only: every order is refused.
    #[arg(long, global = true)]
    pub(crate) readonly: bool,
    /// How much is written to the log file: error, warn, info, debug, trace.
    #[arg(long, global = true, value_name = "LEVEL", default_value = "info", env = "QUARTERDECK_LOG", hide_env_values = true)]
    pub(crate) log: String,
    /// How objects are printed: table, wide, json, yaml or name; a table when absent, where the command says nothing else.
    #[arg(short, long, global = true, value_enum, value_name = "FORMAT", hide_possible_values = true)]
    pub(crate) output: Option<Format>,
}

/// How objects are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns for people.
    Table,
    /// More columns.
    Wide,
    /// JSON, one document.
    Json,
    /// YAML, one document.
    Yaml,
    /// Names only, one a line.
    Name,
}

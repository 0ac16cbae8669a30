//! The stories: what an operator does from form to healthy Pods, each on the simulator and on the real cluster.

mod acts;
mod adopt;
mod bytes;
mod causes;
mod commands;
mod compose;
mod deploy;
mod disk;
mod drift;
mod edit_git;
mod everyone;
mod fail;
mod figures;
mod input;
mod install;
mod interrupt;
mod keys;
mod local;
mod logs;
mod manual;
mod moved;
mod network;
mod promote;
mod protected;
mod refuse;
mod rollback;
mod secrets;
mod shell;
mod stale;
mod sync;
mod together;
mod tree;
mod why;

/// Tells one story on both grounds: `story!(name);` for a function of that name that takes the ground.
macro_rules! story {
    ($name:ident) => {
        mod $name {
            #[test]
            fn on_the_simulator() {
                tell(crate::support::ground::Kind::Sim);
            }
            #[test]
            fn on_the_real_cluster() {
                tell(crate::support::ground::Kind::Real);
            }
            fn tell(kind: crate::support::ground::Kind) {
                let name = stringify!($name).replace('_', "-");
                if let Some(ground) = crate::support::ground::Ground::new(kind, &name) {
                    super::$name(&ground);
                }
            }
        }
    };
}
pub(crate) use story;

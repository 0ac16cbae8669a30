//! Contexts that are only looked at: no order is given to what is in them, whichever of them is worked on. Which these are is for
//! the configuration to say; what an order touches, for the order ([`crate::orders::Order::contexts`]).

use std::collections::BTreeMap;
use std::fmt::Display;

use crate::ident::ContextName;
use crate::trouble::Trouble;

/// Holds the contexts in which no order is given, each with who forbids it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Barred(BTreeMap<ContextName, String>);

impl Barred {
    /// Collects contexts, each with who forbids orders there, in words (`the configuration (FILE)`).
    pub fn new(contexts: impl IntoIterator<Item = (ContextName, String)>) -> Self {
        Self(contexts.into_iter().collect())
    }

    /// Tells whether no order is given in a context.
    pub fn holds(&self, context: &ContextName) -> bool {
        self.0.contains_key(context)
    }

    /// Refuses an order to an object that touches these contexts, where one of them is only looked at.
    pub fn check<'c>(&self, object: impl Display, contexts: impl IntoIterator<Item = &'c ContextName>) -> Result<(), Trouble> {
        let found = contexts.into_iter().find_map(|context| self.0.get_key_value(context));
        found.map_or(Ok(()), |(context, by)| {
            Err(Trouble::refused("No order is given", object)
                .why(format!("{by} forbids every one in {context}"))
                .next("Change the configuration to give it."))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_touches_a_barred_context_is_refused_with_who_forbids_it() {
        let barred = Barred::new([("prod".into(), "the configuration (deck.toml)".to_owned())]);
        let (prod, test) = (ContextName::from("prod"), ContextName::from("test"));
        assert!(barred.holds(&prod) && !barred.holds(&test));
        assert_eq!(barred.check("ks/shop", [&test]), Ok(()));
        assert_eq!(barred.check("ks/shop", []), Ok(()));
        let why = barred.check("ks/shop", [&test, &prod]).map_err(|trouble| trouble.why);
        assert_eq!(why, Err("the configuration (deck.toml) forbids every one in prod".to_owned()));
    }
}

//! The store from async code: its blocking calls get threads of their own.

use std::sync::Arc;

use domain::Trouble;
use domain::deployment::Deployment;
use domain::history::Brief;
use domain::journal::Record;
use store::{Lease, State, Store};
use tokio::sync::oneshot;

use crate::shared::Core;
use crate::steps::before;
use crate::tasks::blocking;

/// What must hold, under the store's lock, for a record to be written.
pub(crate) type Check = Box<dyn Fn(&State) -> Result<(), Trouble> + Send>;

impl Core {
    /// Runs blocking work on the store.
    pub(crate) async fn on_store<T, F>(&self, name: &'static str, work: F) -> Result<T, Trouble>
    where
        T: Send + 'static,
        F: FnOnce(&Store) -> T + Send + 'static,
    {
        let store = self.store.clone();
        blocking(name, move || work(&store)).await
    }

    /// Writes a record, if what must hold for it does; it is on the disk when this returns.
    pub(crate) async fn write(&self, record: Record, check: Option<Check>) -> Result<(), Trouble> {
        self.write_all(vec![record], check).await
    }

    /// Writes several records in one go, if what must hold for them does.
    pub(crate) async fn write_all(&self, records: Vec<Record>, check: Option<Check>) -> Result<(), Trouble> {
        let decide = move |state: &State| match check.map(|check| check(state)) {
            Some(Err(trouble)) => Err(trouble),
            _ => Ok(records),
        };
        before("an entry in the journal");
        self.on_store("the journal", move |store| store.commit(decide).map(drop)).await?
    }

    /// Returns the whole record of a deployment, which may have to be read from the journal.
    pub(crate) async fn recall(&self, brief: &Brief) -> Result<Arc<Deployment>, Trouble> {
        if let Some(whole) = brief.whole() {
            return Ok(Arc::clone(whole));
        }
        let brief = brief.clone();
        Ok(self.on_store("the journal", move |store| store.recall(&brief)).await??)
    }

    /// Takes in what other processes wrote.
    pub(crate) async fn refresh(&self) -> Result<(), Trouble> {
        self.on_store("the journal", |store| store.commit(|_| Ok(Vec::new())).map(drop)).await?
    }

    /// Waits for a lease and takes it.
    pub(crate) async fn lease(&self, name: &str) -> Result<Lease, Trouble> {
        let (store, wanted) = (self.store.clone(), name.to_owned());
        let free = blocking("a lease", move || store.lease(&wanted)).await??;
        if let Some(lease) = free {
            return Ok(lease);
        }
        let (tell, told) = oneshot::channel();
        let (store, wanted) = (self.store.clone(), name.to_owned());
        // A thread of its own and not one of the runtime's: the wait may last for days, and ends with the process. A lease
        // that comes when nobody wants it any more is given back at once.
        let spawned =
            std::thread::Builder::new().name("lease".to_owned()).spawn(move || drop(tell.send(store.wait_lease(&wanted))));
        spawned.map_err(|error| Trouble::failed("No thread could be started", name).why(error))?;
        match told.await {
            Ok(lease) => Ok(lease?),
            Err(_) => Err(Trouble::failed("The wait for a lease broke off", name)),
        }
    }

    /// Takes a lease if nobody has it.
    pub(crate) async fn try_lease(&self, name: String) -> Result<Option<Lease>, Trouble> {
        Ok(self.on_store("a lease", move |store| store.lease(&name)).await??)
    }
}

/// Rings the bell whenever the store has a new state, for as long as somebody holds the bell.
pub(crate) fn listen(store: &Store, bell: &Arc<tokio::sync::Notify>) {
    let bell = Arc::downgrade(bell);
    store.subscribe(Box::new(move |_| {
        if let Some(bell) = bell.upgrade() {
            bell.notify_one();
        }
    }));
}

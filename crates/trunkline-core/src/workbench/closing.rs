//! Closing the window: not over the head of somebody whose work is not finished.

use std::sync::atomic::{AtomicBool, Ordering};

use super::Workbench;
use super::news::News;
use crate::documents::view::UnsavedDocument;

/// What would be lost, or cut short.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unfinished {
    /// Configurations with changes that were neither sent nor saved, and security settings with changes that were not
    /// sent.
    pub documents: Vec<UnsavedDocument>,
    /// How many receives, sends and restarts are under way.
    pub transfers: usize,
}

/// Whether the window was asked and has not said that it shows the question.
#[derive(Debug, Default)]
pub(super) struct Closing {
    unheard: AtomicBool,
}

impl Workbench {
    /// What is not finished.
    pub fn unfinished(&self) -> Unfinished {
        Unfinished {
            documents: self
                .documents
                .unsaved()
                .into_iter()
                .chain(self.unsent_security())
                .collect(),
            transfers: self.running.transfers(),
        }
    }

    /// Whether the window may close now. Where something is not finished it may not: then the window is asked to ask
    /// ([`News::Closing`]). A window that nobody listens in, or that did not show the question that it got before, may.
    pub fn may_close(&self) -> bool {
        let unfinished = self.unfinished();
        if unfinished == Unfinished::default() || self.closing.unheard.swap(true, Ordering::Relaxed) {
            return true;
        }
        !self.news.say(News::Closing(unfinished))
    }

    /// The window shows the question of whether to close.
    pub fn closing_shown(&self) {
        self.closing.unheard.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::unit_ref::UnitRef;
    use crate::workbench::running::Work;
    use crate::{DataDir, MemoryCredentials};

    /// A workbench with one configuration open; its folder, and the configuration.
    async fn at_work() -> (tempfile::TempDir, Arc<Workbench>, String) {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::at(folder.path().join("data"));
        let bench = Workbench::open(data, Arc::new(MemoryCredentials::default())).unwrap();
        let file = folder.path().join("bern.xml");
        std::fs::write(&file, "<data><User GUID='1'><Name>a</Name></User></data>").unwrap();
        let document = bench.open_file(&file, &UnitRef::default()).await.unwrap().id;
        (folder, bench, document)
    }

    fn name_it(bench: &Workbench, document: &str, name: &str) {
        let named = bench
            .documents
            .with(document, |open| open.set("e0", "Name", name).map(drop));
        named.unwrap();
    }

    #[tokio::test]
    async fn what_was_neither_sent_nor_saved_is_asked_about() {
        let (folder, bench, document) = at_work().await;
        let mut heard = bench.listen();
        assert!(bench.may_close() && heard.try_recv().is_err());
        name_it(&bench, &document, "b");
        let unsaved = UnsavedDocument {
            name: "bern.xml".into(),
            changes: 1,
        };
        let unfinished = Unfinished {
            documents: vec![unsaved],
            transfers: 0,
        };
        assert!(!bench.may_close());
        assert_eq!(heard.try_recv().unwrap(), News::Closing(unfinished));
        bench.closing_shown();

        bench
            .save_file(&document, &folder.path().join("b.xml"))
            .await
            .unwrap();
        assert!(bench.may_close());
        name_it(&bench, &document, "c");
        assert!(!bench.may_close());
        bench.closing_shown();
        name_it(&bench, &document, "b");
        assert!(bench.may_close(), "this is what the file has");
        name_it(&bench, &document, "d");
        bench.documents.close(&document);
        assert!(bench.may_close());
    }

    #[tokio::test]
    async fn a_transfer_is_asked_about_and_a_search_is_not() {
        let (_folder, bench, _) = at_work().await;
        let _heard = bench.listen();
        let search = bench.running.start("search", Work::Asking).unwrap();
        assert!(bench.may_close());
        let receive = bench.running.start("receive", Work::Transfer).unwrap();
        assert!(!bench.may_close());
        bench.closing_shown();
        drop((search, receive));
        assert!(bench.may_close());
    }

    #[tokio::test]
    async fn a_window_that_does_not_answer_can_be_closed() {
        let (_folder, bench, document) = at_work().await;
        name_it(&bench, &document, "b");
        assert!(bench.may_close(), "nobody listens");
        bench.closing_shown();
        let _heard = bench.listen();
        assert!(!bench.may_close());
        assert!(bench.may_close(), "the question was never shown");
    }
}

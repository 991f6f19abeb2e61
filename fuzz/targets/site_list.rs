//! Lists of sites that a person imports, as CSV and as JSON.

use trunkline_core::store::{ListFormat, Site, StoreData, read_sites, write_sites};

/// What is read can be written and is read again as it was; taken over twice, the second time changes nothing; and what is
/// told of bad lines can not drive a terminal.
pub(crate) fn run(data: &[u8]) {
    for format in [ListFormat::Csv, ListFormat::Json] {
        let Ok(list) = read_sites(data, format) else {
            continue;
        };
        for told in list
            .problems
            .iter()
            .map(|problem| &problem.reason)
            .chain(&list.ignored)
        {
            assert!(!told.chars().any(char::is_control), "{told:?}");
        }
        let sites: Vec<&Site> = list.sites.iter().map(|(_, site)| site).collect();
        let written = write_sites(&sites, ListFormat::Json).unwrap();
        let again = read_sites(&written, ListFormat::Json).unwrap();
        assert!(again.problems.is_empty(), "{:?}", again.problems);
        let again_sites: Vec<&Site> = again.sites.iter().map(|(_, site)| site).collect();
        assert_eq!(again_sites, sites);

        let mut store = StoreData::default();
        store.import_sites(list.clone());
        let kept = store.clone();
        let second = store.import_sites(list);
        assert!(second.added.is_empty(), "{:?}", second.added);
        assert_eq!(store.sites().len(), kept.sites().len());
    }
}

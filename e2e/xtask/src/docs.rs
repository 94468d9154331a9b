//! The documentation hangs together: every relative link leads somewhere.

use std::path::{Path, PathBuf};

use crate::dirs::Dirs;

#[test]
fn every_relative_link_leads_to_a_file() {
    let dirs = Dirs::find().unwrap();
    let mut pages = vec![dirs.root().join("README.md"), dirs.root().join("CHANGELOG.md")];
    for folder in ["docs", "charts"] {
        collect(&dirs.root().join(folder), &mut pages);
    }
    let mut links = 0;
    for page in &pages {
        let text = std::fs::read_to_string(page).unwrap();
        for link in relative_links(&text) {
            links += 1;
            let path = page.parent().unwrap().join(link);
            assert!(path.exists(), "{}: {link} leads nowhere", page.display());
        }
    }
    assert!(links > 20, "{links} links: the search has lost them");
}

fn collect(folder: &Path, pages: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, pages);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
}

/// Targets of `[text](target)` that are files, without their anchors.
fn relative_links(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("](").filter_map(|(at, mark)| {
        let rest = &text[at + mark.len()..];
        let target = rest.split([')', ' ', '\n']).next()?.split('#').next()?;
        (!target.is_empty() && !target.contains("://") && !target.starts_with("mailto:")).then_some(target)
    })
}

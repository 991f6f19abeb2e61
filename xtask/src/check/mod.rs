//! Checks of the tree that no tool from outside makes for us.

pub(crate) mod dependencies;
pub(crate) mod length;
pub(crate) mod licences;
pub(crate) mod links;
pub(crate) mod words;

/// The verdict on a list of what is wrong: `fine` where it is empty.
fn verdict(wrong: &[String], fine: String) -> Result<String, String> {
    if wrong.is_empty() {
        return Ok(fine);
    }
    for line in wrong {
        println!("  {line}");
    }
    Err(format!("{} found, the first: {}", wrong.len(), wrong[0]))
}

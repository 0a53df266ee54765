//! What a script prints goes where its host says.

use crate::folder::{Folder, TestConsole};

#[test]
fn print_goes_to_standard_output_and_debug_to_standard_error() {
    let console = TestConsole::default();
    let script = "print(`one ${1 + 1}`); print([1, 2]); debug(\"x\");";
    Folder::with(&[]).run_with(&console.host(), script).unwrap();
    assert_eq!(console.stdout(), "one 2\n[1, 2]\n");
    assert!(console.stderr().contains("\"x\""), "{}", console.stderr());
}

//! The `rexec` program.

fn main() -> ! {
    rexec::cli::main()
}

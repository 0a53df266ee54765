//! What to type at a terminal, so that a program reads a text and then its end.

use bytes::{BufMut, Bytes, BytesMut};

/// The end of input, typed (Ctrl-D): hands on what was typed of a line so far, and if that is
/// nothing, ends the input.
pub(crate) const END: u8 = 4;

/// A terminal loses what is typed beyond 4095 bytes of one line (`termios(3)`).
const LONGEST_PIECE: usize = 1024;

/// The keys to press so that a program reads this text and then its end.
pub(crate) fn typed(text: &[u8]) -> Bytes {
    let mut keys = BytesMut::with_capacity(text.len() + 2);
    let mut pending = 0;
    for &byte in text {
        keys.put_u8(byte);
        pending = if byte == b'\n' { 0 } else { pending + 1 };
        if pending == LONGEST_PIECE {
            keys.put_u8(END);
            pending = 0;
        }
    }
    if pending > 0 {
        keys.put_u8(END);
    }
    keys.put_u8(END);
    keys.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_text_ends_its_last_line_and_then_the_input() {
        assert_eq!(typed(b"").as_ref(), b"\x04");
        assert_eq!(typed(b"a\n").as_ref(), b"a\n\x04");
        assert_eq!(typed(b"a\nb").as_ref(), b"a\nb\x04\x04");
    }

    #[test]
    fn a_long_line_is_typed_in_pieces() {
        let keys = typed(&[b'x'; 2 * LONGEST_PIECE]);
        let pieces: Vec<_> = keys.split(|&key| key == END).map(<[_]>::len).collect();
        // The key after each piece hands it on, the one after nothing ends the input.
        assert_eq!(pieces, [LONGEST_PIECE, LONGEST_PIECE, 0, 0]);
    }
}

"""The widths in which a field of a command or an event is stored; annotations on the Structs, read by the generator."""

from typing import Annotated, Final

U8: Final = "u8"
U16: Final = "u16"
I32: Final = "i32"
I64: Final = "i64"

InstrumentId = Annotated[int, U16]  # 1 .. 65,535; 0 means every instrument where a command allows it
AccountId = Annotated[int, I32]  # >= 1 for participants; 0 the recorded market; negative for the venue's own
Word = Annotated[int, I64]
Flag = Annotated[bool, U8]
Count = Annotated[int, I32]
Small = Annotated[int, U8]  # 0 .. 255

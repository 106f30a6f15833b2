"""Ten thousand damaged, cut and foolish frames: no fault, no wrong answer, it still serves."""

import random
from collections.abc import Iterator, Sequence

import pytest
from emulator.conftest import INPUT_BYTES, Build, expected_sums

from edgec.errors import EdgecError
from edgec.firmware import protocol
from edgec.firmware.client import Call, RunnerClient
from edgec.firmware.emulate import Emulator
from edgec.firmware.protocol import Request
from edgec.firmware.transport import Transport
from edgec.targets.board import load_board

pytestmark = pytest.mark.qemu

ANY = range(256)
BUT_BYE = [kind for kind in ANY if kind != Request.BYE]  # which ends an emulator's firmware
ZEROS = bytes(INPUT_BYTES)


def bad_frames(generator: random.Random, count: int, kinds: Sequence[int] = ANY) -> Iterator[bytes]:
    for _ in range(count):
        payload = generator.randbytes(generator.randrange(246))
        whole = protocol.encode(generator.choice(kinds), generator.randrange(256), payload)
        match generator.randrange(4):
            case 0:  # nonsense of any length, zeros included
                yield generator.randbytes(generator.randrange(600)) + b"\0"
            case 1:  # cut short
                yield whole[: generator.randrange(len(whole))]
            case 2:  # one bit flipped
                at = generator.randrange(len(whole) - 1)
                yield (
                    whole[:at]
                    + bytes([whole[at] ^ (1 << generator.randrange(8))])
                    + whole[at + 1 :]
                )
            case _:  # undamaged, with senseless content
                yield whole


def drain(transport: Transport, patience: float = 0.01) -> None:
    while transport.read(patience):
        pass


@pytest.mark.parametrize(("name", "count"), [("qemu-m3", 10_000), ("stm32f405", 100)])
def test_garbage(name: str, count: int, fake_image: Build) -> None:
    generator = random.Random(name)
    with Emulator(load_board(name), fake_image(name).elf) as session:
        client: RunnerClient = session._client
        transport: Transport = client._transport
        kinds = ANY if name == "stm32f405" else BUT_BYE
        for number, frame in enumerate(bad_frames(generator, count, kinds)):
            transport.write(frame)
            if number % 50 == 0:
                drain(transport)
        for kind in (Request.RUN, *([Request.BYE] if kinds is ANY else [])):
            transport.write(b"\0" + protocol.encode(kind, 7, b""))
        transport.write(b"\0")
        drain(transport, 0.5)
        data = generator.randbytes(INPUT_BYTES)
        assert session.run([data, bytes(4)]).outputs[0] == expected_sums(data)


@pytest.mark.parametrize(
    "call",
    [
        Call(Request.WRITE_INPUT, protocol.write_input(2, 0, b"x")),
        Call(Request.WRITE_INPUT, protocol.write_input(0, INPUT_BYTES, b"x")),
        Call(Request.WRITE_INPUT, protocol.write_input(0, 2**32 - 1, b"xx")),
        Call(Request.WRITE_INPUT, b"\0\0\0"),
        Call(Request.READ_OUTPUT, protocol.read_output(2, 0, 1)),
        Call(Request.READ_OUTPUT, protocol.read_output(1, 8, 1)),
        Call(Request.READ_OUTPUT, protocol.read_output(0, 0, 241)),
        Call(Request.READ_OUTPUT, protocol.read_output(0, 2**32 - 1, 2)),
        Call(Request.READ_OUTPUT),
        Call(Request.READ_PROFILE, protocol.read_range(0, 5)),
        Call(Request.READ_PROFILE, protocol.read_range(65535, 1)),
        Call(Request.READ_PROFILE),
        Call(Request.READ_SIZES, protocol.read_range(4, 1)),
        Call(Request.READ_SIZES, protocol.read_range(0, 255)),
        Call(Request.READ_SIZES),
        Call(Request.RUN, protocol.watch(4, 0, 1)),
        Call(Request.RUN, protocol.watch(0, 32_768, 1)),
        Call(Request.RUN, protocol.watch(0, 2**32 - 1, 2)),
    ],
)
def test_requests_out_of_range_are_refused(call: Call, fake_image: Build) -> None:
    with Emulator(load_board("qemu-m0"), fake_image("qemu-m0").elf) as session:
        client: RunnerClient = session._client
        with pytest.raises(EdgecError, match=r"refused .* \(1\)"):
            client.exchange([call])
        assert session.run([ZEROS, bytes(4)]).outputs[0] == expected_sums(ZEROS)

"""The arithmetic that a machine can do quickly."""

from __future__ import annotations

from pathlib import Path

FLOAT32 = "float32"
BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16"}
CPU_FLAGS = Path("/proc/cpuinfo")


def usable_precision(asked: str) -> str:
    """`asked`, or float32 on a processor that would only imitate bfloat16: some forty times slower, measured.

    Args:
        asked: a policy of `TrainingConfig.precision`.

    Returns:
        A dtype policy's name. Weights are float32 with either, so a run goes on from one kind of machine to another.
    """
    if asked == FLOAT32 or has_accelerator() or BFLOAT16_FLAGS & cpu_flags():
        return asked
    return FLOAT32


def has_accelerator() -> bool:
    """Whether the backend computes on a GPU or TPU."""
    import keras

    return any(not device.lower().startswith("cpu") for device in keras.distribution.list_devices())


def cpu_flags() -> set[str]:
    """What the processor can do, in the kernel's words; nothing where it does not say."""
    try:
        lines = CPU_FLAGS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return set()
    flags = next((line for line in lines if line.startswith("flags")), "")
    return set(flags.partition(":")[2].split())

"""The arithmetic that a machine computes natively."""

from __future__ import annotations

from pathlib import Path

FLOAT32 = "float32"
BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16"}
CPU_FLAGS = Path("/proc/cpuinfo")


def usable_precision(precision: str) -> str:
    """`precision`, or float32 on a processor that only emulates bfloat16: some forty times slower, measured.

    Args:
        precision: a policy of `TrainingConfig.precision`.

    Returns:
        A dtype policy's name. Weights are float32 with either, so a run can resume on another kind of machine.
    """
    if precision == FLOAT32 or has_accelerator() or BFLOAT16_FLAGS & cpu_flags():
        return precision
    return FLOAT32


def has_accelerator() -> bool:
    """Whether the backend computes on a GPU or TPU."""
    import keras

    return any(not device.lower().startswith("cpu") for device in keras.distribution.list_devices())


def cpu_flags() -> set[str]:
    """The processor's features by the kernel's names; empty where unknown."""
    try:
        lines = CPU_FLAGS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return set()
    flags = next((line for line in lines if line.startswith("flags")), "")
    return set(flags.partition(":")[2].split())

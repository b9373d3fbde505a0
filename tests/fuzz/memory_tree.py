"""Trees whose files are a mapping: thousands of patches a second are tried on them."""

from __future__ import annotations

from collections.abc import Mapping

from caplint.knowledge.load import knowledge
from caplint.trees.tree import File, StampCache, States, Tree, object_id

KERNEL: Mapping[str, bytes] = {
    "include/uapi/linux/kvm.h": b"#define KVM_CAP_A 1\n#define KVM_CAP_B 2\n#define KVM_CAP_C 3\n",
    "virt/kvm/kvm_main.c": b"int a;\nint b;\nint c;\nint d;\nint e;\nint f;\nint g;\nint h;\nint i;\n",
    "virt/kvm/end.c": b"int x;\nint y;",
    "arch/x86/kvm/x86.c": b"a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\nn\no\np\n",
}
QEMU: Mapping[str, bytes] = {
    "linux-headers/linux/kvm.h": b"#define KVM_CAP_A 1\n#define KVM_CAP_B 2\n",
    "accel/kvm/kvm-all.c": b"int a;\r\nint b;\r\nint c;\r\n",
    "virt/kvm/end.c": b"int x;\nint y;",
}


class MemoryTree(Tree):
    """A tree of one of the projects."""

    def __init__(self, name: str, project: str, files: Mapping[str, bytes]) -> None:
        self.project = next(known for known in knowledge().projects if known.name == project)
        self.name, self.role, self.location = name, self.project.role, name
        self._files = files

    def files(self, cache: StampCache) -> list[File]:
        return self.code_files(cache)

    def code_files(self, cache: StampCache) -> list[File]:  # noqa: ARG002 - nothing to remember
        return [File(path, object_id(content), len(content)) for path, content in sorted(self._files.items())]

    def candidates(self) -> list[str]:
        return sorted(self._files)

    def state_id(self, known: States) -> str | None:  # noqa: ARG002 - never kept
        return None

    def read(self, path: str) -> bytes:
        if path not in self._files:
            raise FileNotFoundError(path)
        return self._files[path]

    def exists(self, path: str) -> bool:
        return path in self._files or any(name.startswith(f"{path}/") for name in self._files)

    def read_or_none(self, path: str) -> bytes | None:
        return self._files.get(path)

    def c_files_under(self, directory: str) -> list[str]:
        return [path for path in sorted(self._files) if path.startswith(f"{directory}/")]


def both() -> list[Tree]:
    """Return a kernel and a QEMU."""
    return [MemoryTree("kernel", "linux", KERNEL), MemoryTree("qemu", "qemu", QEMU)]

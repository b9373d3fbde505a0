"""Registry of all links, with the tables that each needs and fills."""

from __future__ import annotations

from itertools import starmap

from caplint.knowledge.load import knowledge
from caplint.link.buildconfig.file_conditions import link_build
from caplint.link.buildconfig.kconfig import link_kconfig
from caplint.link.core.rows import RetiredRow, SystemAnswerRow, VendorRangeRow, insert
from caplint.link.core.snapshot import take_snapshot
from caplint.link.core.values import number_column, within
from caplint.link.docs.doc_scopes import link_doc_scopes
from caplint.link.docs.documentation import link_documentation
from caplint.link.docs.flag_promises import link_flag_promises
from caplint.link.docs.ioctl_architectures import link_ioctl_architectures
from caplint.link.docs.ioctl_comments import link_availability
from caplint.link.docs.ioctl_handling import link_ioctl_handling
from caplint.link.docs.ioctl_registrations import link_ioctl_registrations
from caplint.link.docs.printed_structures import link_printed_structures
from caplint.link.docs.selftest_code import SelftestCode
from caplint.link.docs.selftest_ioctls import link_selftest_ioctls
from caplint.link.docs.selftests import link_selftests
from caplint.link.docs.undefined_names import link_undefined
from caplint.link.handlers.advertised import link_answers
from caplint.link.handlers.compat_handlers import link_compat_handlers
from caplint.link.handlers.device_attributes import link_device_attributes
from caplint.link.handlers.flag_tests import link_flag_tests
from caplint.link.handlers.handlers import ENABLING, link_handlers
from caplint.link.handlers.ioctl_cases import link_ioctl_cases
from caplint.link.handlers.shared_enabling import link_shared_enabling
from caplint.link.handlers.stored_state import link_cap_states
from caplint.link.linking import Linking
from caplint.link.macros.expanded_code import link_expanded_code
from caplint.link.msr.cap_msrs import link_cap_msrs
from caplint.link.msr.msrs import ACCESSES, link_msrs
from caplint.link.order import Link
from caplint.link.uapi.capabilities import link_capabilities
from caplint.link.uapi.layouts import layouts_of
from caplint.link.uapi.old_capabilities import link_old_capabilities
from caplint.link.uapi.rows import CapReleaseRow, FormerCapRow
from caplint.link.uapi.uapi_names import link_uapi_names
from caplint.link.vmm.answer_kinds import link_answer_kinds
from caplint.link.vmm.answer_truth import link_truths
from caplint.link.vmm.msr_tables import link_vmm_msrs
from caplint.link.vmm.use_tables import link_vmm


def _snapshot(run: Linking) -> None:
    for entry in run.loaded:
        take_snapshot(run.connection, entry, run.rows)


def _expanded_code(run: Linking) -> None:
    for entry in run.loaded:
        for side, tree in (("now", entry.tree), ("base", entry.tree.base)):
            if tree is not None:
                link_expanded_code(run.store, side, tree, run.reading)


def _evaluation(run: Linking) -> None:
    trees = [entry.tree for entry in run.loaded]
    run.fill_layouts = run.stack.enter_context(layouts_of(run.store, trees, run.reading.jobs, run.scope.abis))


def _constants(run: Linking) -> None:
    connection = run.connection
    insert(connection, "retired", starmap(RetiredRow, knowledge().retired.items()))
    insert(connection, "system_answer", starmap(SystemAnswerRow, knowledge().system_answers.items()))
    insert(connection, "former_cap", starmap(FormerCapRow, knowledge().former))
    insert(connection, "cap_release", starmap(CapReleaseRow, knowledge().introduced))
    ranges = run.scope.vendor_ranges
    columns = ((number_column(within(low)), number_column(within(high))) for low, high in ranges)
    insert(connection, "vendor_range", starmap(VendorRangeRow, columns))


def _file_conditions(run: Linking) -> None:
    run.built = link_build(run.connection)


def _kconfig(run: Linking) -> None:
    run.configurations = link_kconfig(run.connection, run.built)
    run.configurations.add_functions(run.connection)


def _machines(run: Linking) -> None:
    from caplint.link.machines.machines import link_machines  # noqa: PLC0415 - most runs have none

    link_machines(run.connection, run.loaded, run.configurations, run.scope.machines)


def _selftests(run: Linking) -> None:
    for entry in run.loaded:
        code = SelftestCode(entry.tree)
        link_selftests(run.connection, code)
        link_undefined(run.connection, code)
        link_selftest_ioctls(run.connection, code)


def _is_wide(run: Linking) -> bool:
    return not run.scope.narrow


_MSR_TABLES = (
    "all_cut", "all_msr", "all_msr_gate", "all_msr_gating", "all_msr_passthrough", "all_msr_saved", "all_msr_service",
    "all_msr_site", "all_msr_state", "all_vcpu_field", "msr_fact",
)  # fmt: skip
_HANDLER_TABLES = (
    "all_cut", "all_cap_argument", "all_cap_check", "all_cap_enable", "all_cap_fall_through", "all_cap_late",
    "all_cap_mask", "all_cap_order", "all_cap_subset",
    "all_cap_supported", "all_enable_condition",
    "all_handler", "all_vcpu_walk", "all_vm_dereference",
)  # fmt: skip

LINKS: tuple[Link[Linking], ...] = (
    Link("snapshot", _snapshot, fills=("tree", "all_file", "changed_line", "patch_file")),
    Link("constants", _constants, fills=("cap_release", "former_cap", "retired", "system_answer", "vendor_range")),
    Link(
        "expanded code", _expanded_code, needs=("all_file", "tree"), fills=("all_file", "superseded", "all_unexpanded")
    ),
    # Starts early in processes of its own; the last link waits for its results.
    Link("evaluation of layouts", _evaluation, needs=("all_file",), fills=("evaluated layouts",), wanted=_is_wide),
    Link(
        "capabilities",
        lambda run: link_capabilities(run.connection),
        needs=("all_file",),
        fills=("all_cap", "all_cap_use", "all_cap_value", "all_cut"),
    ),
    Link(
        "old capabilities",
        lambda run: link_old_capabilities(run.connection, run.scope.oldest_kernel),
        needs=("all_cap",),
        fills=("old_cap",),
    ),
    Link(
        "UAPI names",
        lambda run: link_uapi_names(run.connection),
        needs=("all_file",),
        fills=("all_uapi_name",),
    ),
    Link("file conditions", _file_conditions, needs=("all_file",), fills=("all_cut", "all_file_condition", "built")),
    Link("Kconfig", _kconfig, needs=("all_file", "built"), fills=("all_cut", "all_kconfig", "configurations")),
    Link(
        "handlers",
        lambda run: link_handlers(run.store, run.reading.extractor, enabling=run.needs(*ENABLING)),
        needs=("all_cap", "all_file", "all_file_condition", "superseded", "tree"),
        fills=_HANDLER_TABLES,
    ),
    Link(
        "advertised",
        lambda run: link_answers(run.connection, run.configurations),
        needs=("all_cap_check", "all_handler", "configurations"),
        fills=("all_cap_answer",),
    ),
    Link(
        "device attributes",
        lambda run: link_device_attributes(run.store, run.reading.extractor),
        needs=("all_cap", "all_file", "all_file_condition", "superseded", "tree"),
        fills=("all_cut", "all_device_attribute"),
        wanted=_is_wide,
    ),
    Link(
        "shared enabling",
        lambda run: link_shared_enabling(run.connection, run.configurations),
        needs=(
            "all_cap_answer",
            "all_cap_check",
            "all_cap_enable",
            "all_file",
            "all_handler",
            "configurations",
            "superseded",
        ),
        fills=("all_denied_enable",),
    ),
    Link("ioctl cases", lambda run: link_ioctl_cases(run.connection), needs=("all_file",), fills=("all_ioctl_case",)),
    Link(
        "compat handlers",
        lambda run: link_compat_handlers(run.store, run.reading.extractor),
        needs=("all_file", "all_file_condition", "superseded", "tree"),
        fills=("all_compat_case", "all_compat_handler", "all_cut"),
        wanted=_is_wide,
    ),
    Link(
        "tests of flags",
        lambda run: link_flag_tests(run.store, run.loaded, run.reading.extractor),
        needs=("all_file", "tree"),
        fills=("all_flag_test",),
        wanted=_is_wide,
    ),
    Link(
        "promises about flags",
        lambda run: link_flag_promises(run.connection, run.loaded),
        needs=("all_file", "all_flag_test", "all_ioctl_case"),
        fills=("all_cut", "all_flag_promise"),
        wanted=_is_wide,
    ),
    Link(
        "machines",
        _machines,
        needs=("all_cap", "all_cap_check", "all_file", "all_handler", "configurations"),
        fills=("all_machine_difference", "machine_answer"),
        wanted=lambda run: bool(run.scope.machines),
    ),
    Link(
        "VMM",
        lambda run: link_vmm(run.store, run.reading.extractor),
        needs=("all_cap_use", "all_file", "all_file_condition", "superseded", "tree"),
        fills=(
            "all_checked_before",
            "all_cut",
            "all_vmm_answer",
            "all_vmm_asked",
            "all_vmm_argument",
            "all_vmm_feature",
            "all_vmm_ioctl",
            "all_vmm_loss",
            "all_vmm_unresolved",
            "all_vmm_use",
        ),
    ),
    Link(
        "kinds of answers",
        lambda run: link_answer_kinds(run.connection),
        needs=("all_cap_check", "all_file"),
        fills=("all_cap_kind",),
    ),
    Link(
        "MSRs of VMMs",
        lambda run: link_vmm_msrs(run.store, run.reading.extractor),
        needs=("all_file", "tree"),
        fills=("all_cut", "all_vmm_msr", "all_vmm_msr_count"),
        wanted=_is_wide,
    ),
    Link(
        "truth of answers",
        lambda run: link_truths(run.connection),
        needs=("all_cap_check", "all_file"),
        fills=("all_cap_truth",),
    ),
    Link(
        "documentation",
        lambda run: link_documentation(run.connection),
        needs=("all_cap", "all_file"),
        fills=("all_doc_cap", "all_ioctl_capability"),
    ),
    Link(
        "documented scopes",
        lambda run: link_doc_scopes(run.connection),
        needs=("all_file", "all_handler"),
        fills=("all_doc_architecture", "all_doc_type"),
    ),
    Link(
        "printed structures",
        lambda run: link_printed_structures(run.connection),
        needs=("all_file",),
        fills=("all_printed_structure",),
        wanted=_is_wide,
    ),
    Link(
        "ioctl comments",
        lambda run: link_availability(run.connection),
        needs=("all_file",),
        fills=("all_ioctl_capability",),
    ),
    Link(
        "architectures of ioctls",
        lambda run: link_ioctl_architectures(run.connection),
        needs=("all_file", "all_ioctl_case"),
        fills=("all_ioctl_architecture",),
        wanted=_is_wide,
    ),
    Link(
        "registrations of ioctls",
        lambda run: link_ioctl_registrations(run.connection),
        needs=("all_file", "all_file_condition", "all_ioctl_capability", "all_ioctl_case"),
        fills=("all_ioctl_registration",),
        wanted=_is_wide,
    ),
    Link(
        "handling of ioctls",
        lambda run: link_ioctl_handling(run.connection),
        needs=("all_file", "all_file_condition", "all_handler", "all_ioctl_capability", "all_ioctl_case"),
        fills=("all_ioctl_handling",),
        wanted=_is_wide,
    ),
    Link(
        "stored state",
        lambda run: link_cap_states(run.store, run.reading.extractor),
        needs=("all_cap_enable", "all_file", "superseded", "tree"),
        fills=("all_cap_state",),
        wanted=_is_wide,
    ),
    Link(
        "MSRs",
        lambda run: link_msrs(run.store, run.reading.extractor, accesses=run.needs(*ACCESSES)),
        needs=("all_cap", "all_cap_state", "all_file", "all_file_condition", "superseded", "tree"),
        fills=_MSR_TABLES,
        wanted=_is_wide,
    ),
    Link(
        "MSRs of capabilities",
        lambda run: link_cap_msrs(run.connection),
        needs=("all_cap", "all_cap_state", "all_file", "all_msr_gate", "all_msr_site", "changed_line"),
        fills=("all_cap_msr",),
        wanted=_is_wide,
    ),
    Link(
        "self-tests",
        _selftests,
        needs=("all_cap", "all_file", "patch_file"),
        fills=("all_selftest_ioctl", "all_selftest_undefined", "selftest"),
        wanted=_is_wide,
    ),
    Link(
        "layouts",
        lambda run: run.fill_layouts(),
        needs=("all_file", "evaluated layouts"),
        fills=("all_compat_ioctl", "all_cut", "all_layout", "all_layout_drift", "all_numbered_constant"),
        wanted=_is_wide,
    ),
)
"""All links; those whose needs allow several orders run in this one."""

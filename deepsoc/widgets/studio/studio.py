"""Studio: one design, all controls as tabs, each built when it is first shown."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets
import traitlets

from deepsoc.errors import DeepSocError, InputError
from deepsoc.widgets.base._control import Control
from deepsoc.widgets.studio.design import Design, described

if TYPE_CHECKING:
    from deepsoc.widgets.array.array_view import ArrayView
    from deepsoc.widgets.hardware.hardware_panel import HardwarePanel
    from deepsoc.widgets.network.bundle_builder import BundleBuilder
    from deepsoc.widgets.sweep.sweep_explorer import SweepExplorer

__all__ = ["Studio"]

_TABS = ("Network", "Hardware", "Sweep", "Array", "Simulate", "Implement", "Deploy")


class _Head(Control, front="studio"):
    """Name of the design, what it is in a line, and the bar of tabs; asks when somebody else has changed the design."""

    name = traitlets.Unicode().tag(sync=True)
    folder = traitlets.Unicode().tag(sync=True)
    summary = traitlets.Unicode().tag(sync=True)
    saved = traitlets.Float(0.0, help="When the design was written last, Unix time in seconds.").tag(sync=True)
    read = traitlets.Float(0.0, help="When it was read again, as somebody else had changed it.").tag(sync=True)
    asks = traitlets.Bool(False, help="Whether a change is not written, as somebody else has made another.").tag(
        sync=True
    )
    tabs: traitlets.List[str] = traitlets.List(list(_TABS)).tag(sync=True)
    tab = traitlets.Int(0).tag(sync=True)

    def __init__(self, design: Design) -> None:
        self._design = design
        super().__init__(name=design.name, folder=str(design.folder))
        design.on_conflict = lambda: self.set_trait("asks", True)

    def on_look(self) -> None:
        """Somebody came back to this Studio: what was changed elsewhere is shown."""
        if not self.asks and self._design.is_changed_elsewhere():
            self.on_theirs()

    def on_theirs(self) -> None:
        """What is on disk is taken."""
        self._design.reload()
        self.asks, self.read = False, time.time()

    def on_mine(self) -> None:
        """What is shown is written, over what is on disk."""
        self._design.save(force=True)
        self.asks, self.saved = False, time.time()


class Studio(ipywidgets.VBox):  # type: ignore[misc]
    """The Studio of a design: network, hardware with live views, sweep, array, runs on RTL, tools and boards.

    Every change is saved at once into the folder of the design, unless somebody else has changed it meanwhile: then it
    asks. A network with faults is saved, too; views and runs stay with the last one that was right.

    Args:
        name: of the design; letters, digits, `_` and `-`.
        root: folder of designs.
        tab: name of the tab to begin with.

    Raises:
        InputError: the name or tab cannot be, or the folder holds something that is not a design.
    """

    tab = traitlets.Unicode(_TABS[0], help="Name of the tab that is shown.")

    def __init__(self, name: str = "design", root: str | Path = "designs", *, tab: str = _TABS[0]) -> None:
        self.design = Design(name, root)
        self._built: dict[str, ipywidgets.Widget] = {}
        self._head = _Head(self.design)
        self._stack = ipywidgets.Stack([_column() for _ in _TABS], layout={"width": "100%"})
        super().__init__([self._head, self._stack], layout={"width": "100%"})
        self.add_class("dsoc-studio")
        self._describe()
        self.design.observe(self._changed, names=["net", "hw"])
        self._head.observe(lambda change: setattr(self, "tab", _TABS[change["new"]]), names="tab")
        self.tab = tab
        self._show_tab()

    # ---- for programs -----------------------------------------------------------------------------------------------
    def control(self, tab: str) -> Any:
        """The control of a tab, built if it never was shown: BundleBuilder, HardwarePanel, SweepExplorer, …

        Raises:
            InputError: there is no such tab.
        """
        if tab not in _TABS:
            raise InputError(f"expected one of {', '.join(_TABS)}, received {tab!r}", where="tab")
        if tab not in self._built:
            make: dict[str, Callable[[], tuple[Any, list[Any]]]] = {
                "Network": self._network,
                "Hardware": self._hardware,
                "Sweep": self._sweep,
                "Array": self._array,
                "Simulate": self._simulate,
                "Implement": self._implement,
                "Deploy": self._deploy,
            }
            self._built[tab], shown = make[tab]()
            children = list(self._stack.children)
            children[_TABS.index(tab)] = _column(shown)
            self._stack.children = children
        return self._built[tab]

    @traitlets.validate("tab")
    def _known_tab(self, proposal: Any) -> str:
        if proposal["value"] not in _TABS:
            raise InputError(f"expected one of {', '.join(_TABS)}, received {proposal['value']!r}", where="tab")
        return str(proposal["value"])

    @traitlets.observe("tab")
    def _show_tab(self, _: Any = None) -> None:
        self.control(self.tab)
        self._head.tab = self._stack.selected_index = _TABS.index(self.tab)

    # ---- the tabs ---------------------------------------------------------------------------------------------------
    def _network(self) -> tuple[BundleBuilder, list[Any]]:
        from deepsoc.widgets.network.bundle_builder import BundleBuilder

        builder = BundleBuilder(value=self.design.net, path=str(self.design.folder / "net.json"))
        builder.observe(lambda change: setattr(self.design, "net", change["new"]), names="value")
        self.design.observe(lambda change: setattr(builder, "value", change["new"]), names="net")
        return builder, [builder]

    def _hardware(self) -> tuple[HardwarePanel, list[Any]]:
        from deepsoc.widgets.hardware.hardware_panel import HardwarePanel
        from deepsoc.widgets.layers._layer_view import link_views
        from deepsoc.widgets.layers.dram_view import DramView
        from deepsoc.widgets.layers.utilization_view import UtilizationView

        panel = HardwarePanel(value=self.design.hw, networks=self._networks())
        views = UtilizationView(), DramView()
        link_views(*views)

        def show(_: Any = None) -> None:
            table = panel.table if panel.network else None
            for view in views:
                view.show(table)

        def follow(_: Any = None) -> None:
            panel.attempt(show)

        panel.observe(lambda change: setattr(self.design, "hw", change["new"]), names="value")
        panel.observe(follow, names=["value", "networks", "board", "node"])
        panel.observe(lambda _: setattr(self.design, "refused", panel.refused), names=["draft", "faults"])
        self.design.observe(lambda change: setattr(panel, "value", change["new"]), names="hw")
        self._on_network(lambda: setattr(panel, "networks", self._networks()))
        follow()
        return panel, [panel, *views]

    def _sweep(self) -> tuple[SweepExplorer, list[Any]]:
        from deepsoc.widgets.sweep.sweep_explorer import SweepExplorer

        explorer = SweepExplorer(networks=self._networks(), kept=self.design.kept)
        explorer.observe(lambda change: setattr(self.design, "kept", change["new"]), names="kept")
        explorer.observe(self._take_hardware, names="chosen")
        self._on_network(lambda: setattr(explorer, "networks", self._networks()))
        return explorer, [explorer]

    def _array(self) -> tuple[ArrayView, list[Any]]:
        from deepsoc.widgets.array.array_view import ArrayView

        view = ArrayView()
        choice = ipywidgets.Dropdown(
            description="Layer", options=self._layers(), style={"description_width": "auto"}
        ).add_class("dsoc")

        def show(_: Any = None) -> None:
            if choice.value:
                view.attempt(view.show, network=self.design.net, hw=self.design.hw, bundle=choice.value)

        def follow() -> None:
            chosen = choice.value
            choice.options = self._layers()
            choice.value = chosen if chosen in dict(choice.options).values() else ""
            show()

        choice.observe(show, names="value")
        self._on_network(follow)
        self.design.observe(show, names="hw")
        return view, [choice, view]

    def _simulate(self) -> tuple[Any, list[Any]]:
        from deepsoc.widgets.runs.simulation_panel import SimulationPanel

        panel = SimulationPanel(self.design)
        return panel, [panel]

    def _implement(self) -> tuple[Any, list[Any]]:
        from deepsoc.widgets.runs.implementation_panel import ImplementationPanel

        panel = ImplementationPanel(self.design)
        return panel, [panel]

    def _deploy(self) -> tuple[Any, list[Any]]:
        from deepsoc.widgets.runs.deployment_panel import DeploymentPanel
        from deepsoc.widgets.runs.inference_panel import InferencePanel

        panel = DeploymentPanel(self.design)
        return panel, [InferencePanel(self.design), panel]

    # ---- state ------------------------------------------------------------------------------------------------------
    def _networks(self) -> list[dict[str, Any]]:
        """The network, if it is one already."""
        return [self.design.net] if self._is_whole() else []

    def _is_whole(self) -> bool:
        from deepsoc.netspec.spec import parse_net

        try:
            parse_net(self.design.net)
        except DeepSocError:
            return False
        return True

    def _on_network(self, action: Callable[[], None]) -> None:
        """Does something at each change of the network that leaves it right."""
        self.design.observe(lambda _: action() if self._is_whole() else None, names="net")

    def _layers(self) -> list[tuple[str, str]]:
        """Layers that the array can show, by name."""
        names = [str(bundle.get("name")) for bundle in self.design.net.get("bundles", [])]
        return [("a small example", ""), *((name, name) for name in names)]

    def _changed(self, _: Any) -> None:
        self._describe()
        if not self._head.asks and not self.design.is_changed_elsewhere():
            self._head.saved = time.time()

    def _take_hardware(self, change: Any) -> None:
        if change["new"] is not None:
            self.design.hw = change["new"]

    def _describe(self) -> None:
        net, hw = self.design.net, self.design.hw
        self._head.summary = f"{described(net, hw.rows, hw.cols)} elements, {hw.frequency_mhz:g} MHz"


def _column(children: Sequence[Any] = ()) -> Any:
    """Controls below each other, as wide as the page: by themselves, some take no more than they must."""
    for child in children:
        child.layout.width = "26em" if isinstance(child, ipywidgets.Dropdown) else "100%"
    return ipywidgets.VBox(list(children), layout={"width": "100%"})

"""The existing payment methods: every folder below this one that sets ``METHOD``."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from payments import methods, providers
from payments.methods.method import Method, Shop
from payments.providers.provider import Provider


class UnknownMethod(KeyError):
    """No folder of this name is switched on."""


class Methods(Mapping[str, Method]):
    """The methods switched on in this process, in the order of ``PAYMENTS_METHODS``."""

    def __init__(self, methods: Sequence[Method]) -> None:
        self._methods = {method.kind: method for method in methods}

    def __getitem__(self, kind: str) -> Method:
        try:
            return self._methods[kind]
        except KeyError:
            raise UnknownMethod(f"payment method {kind!r} is not switched on") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._methods)

    def __len__(self) -> int:
        return len(self._methods)

    @property
    def providers(self) -> Sequence[Provider]:
        """Return the providers of the methods, each once."""
        return list({method.provider.name: method.provider for method in self._methods.values()}.values())

    def provider_name(self, kind: str) -> str:
        """Return the name of a method's provider. For a method that is switched off it is the method's own name."""
        return self._methods[kind].provider.name if kind in self._methods else kind

    async def close(self) -> None:
        """Close the connections with all providers."""
        for provider in self.providers:
            await provider.close()


def known_kinds() -> list[str]:
    """Return the names of all folders that are methods."""
    return sorted(found.name for found in pkgutil.iter_modules(methods.__path__) if found.ispkg)


def find_methods(kinds: Sequence[str], shop: Shop) -> Methods:
    """Return the methods named ``kinds``. Raises UnknownMethod for a name without a folder."""
    return Methods([_method_class(kind).from_environment(shop) for kind in kinds])


def template_folders() -> list[Path]:
    """Return the folders with the templates of the methods' pages, and of their providers' pages."""
    roots = [Path(root) for root in (*methods.__path__, *providers.__path__)]
    return sorted(folder for root in roots for folder in root.glob("*/templates") if folder.is_dir())


def _method_class(kind: str) -> type[Method]:
    if kind not in known_kinds():
        raise UnknownMethod(f"payments/methods has no folder {kind!r}; there are {known_kinds()}")
    found = importlib.import_module(f"{methods.__name__}.{kind}").METHOD
    if found.kind != kind:
        raise UnknownMethod(f"folder {kind!r} holds a method that calls itself {found.kind!r}")
    method: type[Method] = found
    return method

"""Software bill of materials, CycloneDX 1.6 in JSON: what an installation runs on.

Versions and hashes come from requirements/, licences and dependencies from what is installed here.
What only PostgreSQL and several processes need is marked as optional.
"""

from __future__ import annotations

import re
import sys
from importlib import metadata
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.license import License
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools import pins

VERSION = SchemaVersion.V1_6
_EXTRAS = ("scale", "binary")


def bill_of_materials() -> str:
    """The document, checked against the schema of its version."""
    project = _component("webcitoyen", metadata.version("webcitoyen"), ComponentType.APPLICATION)
    bom = Bom()
    bom.metadata.component = project
    components = {"webcitoyen": project}
    for file, scope in (("run", ComponentScope.REQUIRED), ("scale", ComponentScope.OPTIONAL)):
        for name, block in pins.pins(file).items():
            line = Requirement(block.partition("\\\n")[0])
            # What this system does not need is not installed, and has no licence to read.
            if line.marker is None or line.marker.evaluate():
                version = str(line.specifier).removeprefix("==")
                component = _component(name, version, ComponentType.LIBRARY)
                component.scope = scope
                component.purl = PackageURL("pypi", name=name, version=version)
                component.hashes.update(
                    HashType(alg=HashAlgorithm.SHA_256, content=digest)
                    for digest in re.findall("sha256:([0-9a-f]{64})", block)
                )
                components[name] = component
                bom.components.add(component)
    for name, component in components.items():
        needed = {canonicalize_name(text) for text in _requirement_names(name)}
        bom.register_dependency(component, [components[key] for key in needed & set(components)])
    text: str = make_outputter(bom, OutputFormat.JSON, VERSION).output_as_string(indent=2)
    if (error := JsonStrictValidator(VERSION).validate_str(text)) is not None:
        raise SystemExit(f"The bill of materials does not follow its schema: {error}")
    return text + "\n"


def _component(name: str, version: str, kind: ComponentType) -> Component:
    return Component(name=name, version=version, type=kind, bom_ref=name, licenses=[_licence(name)])


# Of packages that only ship the text of their licence.
_LICENCE_TEXTS = {"pyrage": "MIT"}


def _licence(name: str) -> License:
    """The licence in the words of the package: an SPDX expression where it gives one."""
    about = metadata.metadata(name)
    words = next((about[key] for key in ("License-Expression", "License") if key in about), "")
    if not words or "\n" in words or len(words) > 80:
        classifiers = [text for text in about.get_all("Classifier", []) if "License ::" in text]
        words = " AND ".join(text.rpartition(" :: ")[2] for text in classifiers)
        words = words or _LICENCE_TEXTS.get(name, "unknown")
    return LicenseFactory().make_from_string(words)


def _requirement_names(name: str) -> list[str]:
    lines = [Requirement(text) for text in metadata.requires(name) or []]
    return [
        line.name
        for line in lines
        # The project's extra, and the one of psycopg's that it asks for.
        if any(line.marker is None or line.marker.evaluate({"extra": extra}) for extra in _EXTRAS)
    ]


if __name__ == "__main__":
    output = Path(sys.argv[1])
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(bill_of_materials(), "utf-8")
    print(output)

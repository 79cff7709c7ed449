"""Reads a REFI-QDA project by the rules of QualCoder's importer of August 2026.

- A variable is one of files, until a case with a name has a value of it: then it is one of cases.
- Values within a source are attributes of that file, and so are those of a case without a name that
  refers to one source. A set is an attribute of its sources, whose value is its name.
- A case with a name has its values as attributes, and no text: its references are not read. It gets
  text where a code has the identity of the case, from what is coded under it.
- Names of variables and sets share one list; the second of a name is left out.

Reports choose text by the attributes of one kind.
"""

import io
import zipfile

from lxml import etree

Q = "{urn:QDA-XML:project:1.0}"
FILE, CASE = "file", "case"


class QualCoder:
    def __init__(self, data):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            self._root = etree.fromstring(archive.read("project.qde"))
            self._texts = {
                source.get("guid"): archive.read(
                    source.get("plainTextPath").replace("internal://", "sources/")
                ).decode()
                for source in self._root.iter(f"{Q}TextSource")
            }
        self._names = {v.get("guid"): v.get("name") for v in self._root.iter(f"{Q}Variable")}
        self.kinds = dict.fromkeys(self._names.values(), FILE)
        self.of_files, self.of_cases, self.case_texts = {}, {}, {}
        for source in self._root.iter(f"{Q}TextSource"):
            self.of_files[source.get("guid")] = self._values(source)
        for case in self._root.iter(f"{Q}Case"):
            self._read_case(case)
        for each in self._root.iter(f"{Q}Set"):
            self._read_set(each)

    def _values(self, element):
        return {
            self._names[value.find(f"{Q}VariableRef").get("targetGUID")]: value[1].text
            for value in element.findall(f"{Q}VariableValue")
        }

    def _read_case(self, case):
        values, name = self._values(case), case.get("name")
        sources = [one.get("targetGUID") for one in case.findall(f"{Q}SourceRef")]
        if name is None:
            if len(sources) == 1:
                self.of_files[sources[0]] |= values
            return
        self.of_cases[name] = values
        self.kinds |= dict.fromkeys(values, CASE)
        codings = [
            (selection.getparent().get("guid"), selection)
            for reference in self._root.iter(f"{Q}CodeRef")
            if reference.get("targetGUID") == case.get("guid")
            for selection in reference.iterancestors(f"{Q}PlainTextSelection")
        ]
        self.case_texts[name] = [
            self._texts[source][int(at.get("startPosition")) : int(at.get("endPosition"))]
            for source, at in codings
        ]

    def _read_set(self, each):
        name = each.get("name")
        if name not in self.kinds:
            self.kinds[name] = FILE
            for member in each.findall(f"{Q}MemberSource"):
                self.of_files[member.get("targetGUID")][name] = name

    def texts(self, name, value):
        """Return the texts that a report finds by the attribute."""
        if self.kinds[name] == FILE:
            found = (guid for guid, held in self.of_files.items() if held.get(name) == value)
            return [self._texts[guid] for guid in found]
        return [
            text
            for case, held in self.of_cases.items()
            if held.get(name) == value
            for text in self.case_texts[case]
        ]

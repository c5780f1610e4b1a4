"""Vérifie ce qui vient d'un registre Web Citoyen, sans rien utiliser de ce registre.

Le journal public, avec des repères, des preuves, des textes et des dossiers publics de cas :
    python3 verifier.py registre.jsonl tete.json [LIGNE:EMPREINTE ...] [preuve.json ...]
                        [cas-12.zip ...] [texte ...]
Le dossier public d'un cas, ou le dossier d'un cas pour un avocat, seuls :
    python3 verifier.py cas-12.zip [LIGNE:EMPREINTE ...]
    python3 verifier.py dossier.zip [LIVRE:LIGNE:EMPREINTE ...]
Le reçu d'un signalement, page ou données :
    python3 verifier.py recu.html

Empreinte d'une ligne : SHA-256 d'un octet 1, de l'empreinte précédente (d'abord 32 octets nuls)
et de la ligne ; d'un cas : SHA-256 du sel et du JSON canonique ; d'un texte de /registre/textes/,
comme methode.md : SHA-256 du fichier, que des lignes donnent sous ce nom.
"""

import hashlib
import html
import json
import sys
import zipfile
from pathlib import Path

DESTROYING = ("redacted", "destroyed", "erased", "discarded", "source_withdrawn")


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def demand(holds, fault):
    if not holds:
        raise ValueError(fault)


def read(data, name):
    demand(canonical(value := json.loads(data.decode())) == data, f"{name} est altéré")
    return value


def sealed(salt, data):
    demand(len(salt := bytes.fromhex(salt)) == 32, "un sel n'a pas 32 octets")
    return hashlib.sha256(salt + data).hexdigest()


def follow(data, name, ledger, after=0, start="00" * 32):
    """Suit un livre depuis une empreinte : ses lignes par numéro, chacune avec la sienne."""
    digest, lines = bytes.fromhex(start), {}
    *found, rest = data.split(b"\n")
    demand(rest == b"", f"{name} est coupé")
    for seq, raw in enumerate(found, after + 1):
        line = read(raw, f"{name} ligne {seq}")
        demand([line["v"], line["ledger"], line["seq"]] == [1, ledger, seq], f"{seq} n'y est pas")
        digest = hashlib.sha256(b"\1" + digest + raw).digest()
        lines[seq] = line, digest.hex()
    return lines


def check_ledger(ledger, head, *others):
    lines = follow(Path(ledger).read_bytes(), ledger, "public")
    line, digest = lines[len(lines)] if lines else ({"at": None}, "00" * 32)
    end = {"ledger": "public", "seq": len(lines), "digest": digest, "at": line["at"]}
    demand(Path(head).read_bytes() == canonical(end), f"{head} n'est pas la fin de {ledger}")
    print(f"{len(lines)} lignes intactes. Repère à garder : {len(lines)}:{digest}")
    marks = {f"{seq}:{mark}" for seq, (line, mark) in lines.items()}
    for name in others:
        base = Path(name).name
        states = [line for line, mark in lines.values() if base in line.get("texts", ())]
        if states:
            check_text(name, states, [line["texts"][base] for line in states])
            continue
        if name.endswith(".zip"):
            check_bundle(name, book=lines)
            continue
        if not name.endswith(".json"):
            demand(name in marks, f"le repère {name} ne s'y trouve plus")
            continue
        check_proof(name, Path(name).read_bytes(), lines)


def check_proof(name, data, lines):
    """Le texte d'une preuve est celui que scelle la ligne qu'elle nomme, parmi celles-là."""
    proof = read(data, name)
    last = {line["case"]: seq for seq, (line, mark) in lines.items()}
    cuts = [(seq, line.get("redacted", {})) for seq, (line, mark) in lines.items()]
    cut = {int(version): (seq, seals[version]) for seq, seals in cuts for version in seals}
    line, salt, text = lines[proof["version"]][0], proof["salt"], proof["content"]
    seal = sealed(salt, canonical(text))
    made = {"case": line["case"], "version": line["seq"], "event": line["event"]}
    made.update(content=text, salt=salt, commitment=seal)
    by, due = cut.get(line["seq"], (None, line["content"]))
    made.update(current=last[line["case"]] == line["seq"], **({"redacted": by} if by else {}))
    demand([seal, data] == [due, canonical(made)], f"{name} diffère, ou précède un autre acte")
    seq = by or line["seq"]
    print(f"{name} : le texte du cas nº {line['case']} est celui de la ligne {seq}")
    return proof


def check_bundle(name, *marks, book=None):
    """Le dossier public d'un cas : son texte, ses lignes et ses fichiers vont ensemble."""
    files, manifest = open_archive(name)
    case, lines, seq = manifest["case"], {}, 0
    for told in read(files["lignes.json"], "lignes.json")["lines"]:
        raw, before, last = told["line"].encode(), told["before"], seq
        line, seq = read(raw, f"ligne {told['seq']}"), told["seq"]
        digest = hashlib.sha256(b"\1" + bytes.fromhex(before) + raw).hexdigest()
        demand(digest == told["digest"], f"ligne {seq} : l'empreinte diffère")
        made = [line["v"], line["ledger"], line["seq"], line["case"]]
        demand(made == [1, "public", seq, case], f"la ligne {seq} n'est pas de ce cas")
        demand(seq > last, f"la ligne {seq} n'est pas à sa place")
        demand(seq > last + 1 or not last or before == lines[last][1], f"{seq} ne suit pas {last}")
        lines[seq] = line, digest
    proof = check_proof("preuve.json", files["preuve.json"], lines)
    demand([proof["case"], proof["version"]] == [case, manifest["version"]], "autre version")
    pages = [page for piece in proof["content"].get("pieces", ()) for page in piece["pages"]]
    copies = {page["copy"] for page in pages}
    there = {path for path in files if path.startswith("pieces/")}
    found = {hashlib.sha256(files[path]).hexdigest(): path for path in there}
    for digest, path in found.items():
        demand(digest in copies, f"{path} n'est pas un fichier de ce texte")
    known = {f"{seq}:{digest}" for seq, (line, digest) in lines.items()}
    for mark in marks:
        demand(mark in known, f"le repère {mark} ne s'y trouve pas")
    print(
        f"{name} : {len(files)} pièces conformes au manifeste, {len(lines)} lignes du cas nº {case}"
    )
    missing = len(copies - set(found))
    print(f"{len(there)} fichiers conformes au texte" + f", {missing} non joints" * bool(missing))
    print("Par le manifeste seul : index.html")
    if book is None:
        print("Que ces lignes soient au journal public se voit avec lui, ou par ces repères :")
        print(*sorted(known, key=lambda mark: int(mark.split(":")[0])), sep="\n")
        return
    own = {f"{seq}:{mark}" for seq, (line, mark) in book.items() if line["case"] == case}
    demand(known <= own, f"une ligne de {name} n'est pas au journal public")
    late = len(own - known)
    print(
        "Ces lignes sont au journal public" + f", qui en a {late} de plus sur ce cas" * bool(late)
    )


def check_receipt(name):
    """Un reçu est entier : ce qu'il dit est ce que couvre son empreinte, montré mot pour mot."""
    data, opening = Path(name).read_bytes(), b'<pre id="recu-json">'
    if opening in data:
        text = data.split(opening)[1].split(b"</pre>")[0]
        data = html.unescape(text.decode()).encode()
    told = json.loads(data.decode("utf-8-sig"))
    seal, content = sealed(told["sel"], told["contenu"].encode()), json.loads(told["contenu"])
    demand(seal == told["empreinte"], "le contenu a changé : l'empreinte n'est plus la sienne")
    demand(content["jour"] == told["jour"], "le jour n'est pas celui du contenu")
    print(f"{name} est entier. Reçu le {told['jour']}, dit-il, par {told['registre']}")
    print(f"Empreinte : {seal}\nCe qu'elle couvre, et rien d'autre de cette page :")
    for field, value in content["envoi"].items():
        if value:
            print(f"- {field} : {json.dumps(value, ensure_ascii=False, indent=2)}")
    print(
        "Que le registre l'ait reçu, lui seul peut le dire : /suivi/verifier, tant qu'il le garde"
    )


def check_text(name, states, seals):
    """Le fichier est le texte que scelle la dernière des lignes qui en parlent."""
    seal = hashlib.sha256(Path(name).read_bytes()).hexdigest()
    demand(seal in seals, f"{name} n'est scellé par aucune ligne")
    line = states[-1] if seal == seals[-1] else states[seals.index(seal) + 1]
    demand(seal == seals[-1], f"{name} a été remplacé : ligne {line['seq']}, {line['at']}")
    print(f"{name} : le texte d'aujourd'hui, scellé ligne {line['seq']}, {line['at']}")


def open_archive(name):
    """Les pièces d'une archive, conformes à son manifeste, et ce manifeste."""
    with zipfile.ZipFile(name) as archive:
        files = {path: archive.read(path) for path in archive.namelist()}
        demand(len(files) == len(archive.namelist()), f"{name} a deux pièces du même nom")
    manifest = read(files.pop("manifest.json"), "manifest.json")
    parts = manifest["files"]
    demand(set(parts) == set(files), f"les pièces ne sont pas celles du manifeste de {name}")
    for path, data in files.items():
        demand(hashlib.sha256(data).hexdigest() == parts[path], f"{path} est altéré")
    return files, manifest


def check_archive(name, *marks):
    """Un dossier, public ou d'avocat : son manifeste dit lequel."""
    manifest = open_archive(name)[1]
    (check_bundle if "bundle" in manifest else check_case_file)(name, *marks)


def check_case_file(name, *marks):
    files, manifest = open_archive(name)
    case, dossier = manifest["case"], manifest["dossier"]
    books, known, heads = {}, set(), []
    for ledger, ends in manifest["ledgers"].items():
        path, after, start = f"journal/{ledger}.jsonl", ends["after"], ends["digest"]
        books[ledger] = lines = follow(files[path], path, ledger, after, start)
        end = lines[max(lines)][1] if lines else start
        heads.append(f"{ledger}:{after + len(lines)}:{end}")
        demand(heads[-1] == f"{ledger}:{ends['seq']}:{ends['head']}", f"{path} finit autrement")
        known |= {f"{ledger}:{after}:{start}"}
        known |= {f"{ledger}:{seq}:{digest}" for seq, (line, digest) in lines.items()}
    for mark in marks:
        there = mark if mark.count(":") == 2 else f"public:{mark}"
        demand(there in known, f"le repère {mark} ne s'y trouve pas")
    opened = []
    for told in read(files["journal/lines.json"], "journal/lines.json")["lines"]:
        (line, digest), private = books[told["ledger"]][told["seq"]], told["private"]
        place = f"{told['ledger']} ligne {told['seq']}"
        demand(digest == told["digest"], f"{place} : l'empreinte diffère")
        seal = sealed(told["salt"], canonical(private))
        demand(seal == line["private"], f"{place} : la partie réservée diffère")
        demand(private["dossier"] == dossier, f"{place} est d'un autre dossier")
        opened.append((line, private))
    own = [line for book in books.values() for line, digest in book.values()]
    own = [(line["ledger"], line["seq"]) for line in own if line["case"] == case]
    there = [(line["ledger"], line["seq"]) for line, private in opened]
    demand(set(own) <= set(there) and len(set(there)) == len(there), "une ligne du cas manque")
    kept = sum(check_version(files, line, private, opened) for line, private in opened)
    texts = sum(path.endswith("/text.json") for path in files)
    demand(texts == kept, "un texte n'est scellé par aucune ligne")
    check_approvals(read(files["dossier.json"], "dossier.json"), opened)
    originals = check_originals(files)
    print(f"Cas nº {case} : {len(files)} pièces conformes au manifeste")
    print(f"{len(opened)} lignes du cas, chacune à sa place dans son livre, et ouvertes")
    print(f"{kept} textes, leurs motifs et leurs pages, conformes aux lignes qui les scellent")
    print(originals, end="")
    print("Par le manifeste seul : index.html, les noms, les notes, invitations, signalements")
    print("Fin des livres, à comparer à des repères gardés ailleurs :", *heads, sep="\n")


def check_version(files, line, private, opened):
    """Les textes que scelle une ligne, avant et après chaque caviardage : combien sont là."""
    seal, version, kept = line["content"] or private.get("snapshot"), private["revision"], 0
    told, sealing = [version, line["act"], line["at"], private["by"]], line
    seals = {"content": seal, "why": private.get("why"), "page": private.get("page")}
    cuts = [cut for cut in opened if seal and str(version) in cut[1].get("redacted", {})]
    for cut, other in [*sorted(cuts, key=lambda cut: cut[0]["seq"]), *[(None, None)] * bool(seal)]:
        number = other and other["destruction"]
        here = f"versions/{version}/" + (f"before-{number}/" if cut else "")
        gone = any(
            (later["seq"] > sealing["seq"])
            if later["ledger"] == sealing["ledger"]
            else (later["at"] >= sealing["at"][: len(later["at"])])
            for later, end in opened
            if later["act"] in DESTROYING
            if version in end.get("destroyed", ()) or [number, version] in end.get("originals", ())
        )
        demand(gone == (here + "text.json" not in files), f"{here} : texte absent, ou resté à tort")
        if not (cut and gone):
            about = read(files[here + "version.json"], here + "version.json")
            made = [about["id"], about["act"], about["made_at"], about["made_by"]]
            demand(made == told, f"{here}version.json contredit sa ligne")
        if not gone:
            salt, why = about["salt"], f"{about['reason'] or ''}\n{about['flags_reason'] or ''}"
            page = about["renderer"].encode() + b"\n" + files[here + "page.json"]
            text = files[here + "text.json"]
            demand(sealed(salt, text) == seals["content"], f"{here}text.json diffère")
            demand(sealed(salt, why.encode()) == seals["why"], f"{here}version.json : motif changé")
            demand(sealed(salt, page) == seals["page"], f"{here}page.json diffère")
            kept += 1
        sealing, seals = cut, cut and other["redacted"][str(version)]
    return kept


def check_originals(files):
    """Les originaux joints sont ceux de leur liste, octet pour octet."""
    path = "originaux/liste.json"
    if path not in files:
        return ""
    told = read(files[path], path)["originals"]
    named = sorted(item["file"] for item in told if item["file"])
    there = sorted(name for name in files if name.startswith("originaux/") and name != path)
    demand(named == there, "les originaux ne sont pas ceux de leur liste")
    for item in told:
        data = files.get(item["file"])
        made = data is not None and [hashlib.sha256(data).hexdigest(), len(data)]
        demand(
            not made or made == [item["sha256"], item["size"]], f"{item['file']} : autre fichier"
        )
    lost = sum(not item["file"] for item in told)
    return f"{len(there)} originaux conformes à leur liste" + f", {lost} perdus" * bool(lost) + "\n"


def check_approvals(told, opened):
    """Les accords notés sont ceux des lignes, ni plus ni moins."""
    names = ("revision_id", "purpose", "given_by", "given_at")
    rows = [[row[name] for name in names] for row in told["approvals"]]
    given = [(line, private) for line, private in opened if line["act"] == "approved"]
    wanted = [[told["revision"], told["purpose"], told["by"], line["at"]] for line, told in given]
    demand(sorted(rows) == sorted(wanted), "les accords ne sont pas ceux des lignes")


arguments = sys.argv[1:]
try:
    if arguments and arguments[0].endswith(".zip"):
        check_archive(*arguments)
    elif len(arguments) == 1 and arguments[0].endswith((".html", ".json")):
        check_receipt(*arguments)
    elif len(arguments) > 1:
        check_ledger(*arguments)
    else:
        sys.exit(__doc__)
except Exception as fault:
    sys.exit(f"ÉCHEC : {fault}")

"""Vérifie la main courante d'un registre Web Citoyen, sans rien utiliser de ce registre :

    python3 verifier.py registre.jsonl tete.json [LIGNE:EMPREINTE ...] [preuve.json ...]

Empreinte d'une ligne : SHA-256 d'un octet 1, de l'empreinte précédente (d'abord 32 octets nuls)
et de la ligne ; d'un texte : SHA-256 du sel et du JSON canonique.
"""

import hashlib
import json
import sys
from pathlib import Path


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def demand(holds, fault):
    if not holds:
        raise ValueError(fault)


def read(data, name):
    demand(canonical(value := json.loads(data.decode())) == data, f"{name} est altéré")
    return value


def check(ledger, head, *others):
    lines, digest, marks, last = [{"at": None}], bytes(32), set(), {}
    *found, rest = Path(ledger).read_bytes().split(b"\n")
    demand(rest == b"", f"{ledger} est coupé")
    for seq, data in enumerate(found, 1):
        lines.append(line := read(data, f"{ledger} ligne {seq}"))
        demand([line["v"], line["ledger"], line["seq"]] == [1, "public", seq], f"{seq} n'y est pas")
        digest = hashlib.sha256(b"\1" + digest + data).digest()
        marks.add(f"{seq}:{digest.hex()}")
        last[line["case"]] = line
    end = {"ledger": "public", "seq": len(found), "digest": digest.hex(), "at": lines[-1]["at"]}
    demand(Path(head).read_bytes() == canonical(end), f"{head} n'est pas la fin de {ledger}")
    print(f"{len(found)} lignes intactes. Repère à garder : {len(found)}:{digest.hex()}")
    for name in others:
        if not name.endswith(".json"):
            demand(name in marks, f"le repère {name} ne s'y trouve plus")
            continue
        proof = read(data := Path(name).read_bytes(), name)
        line, salt, text = lines[proof["version"]], bytes.fromhex(proof["salt"]), proof["content"]
        sealed = hashlib.sha256(salt + canonical(text)).hexdigest()
        made = {"case": line["case"], "version": line["seq"], "current": last[line["case"]] is line}
        made.update(content=text, event=line["event"], salt=salt.hex(), commitment=sealed)
        wanted = [32, line["content"], canonical(made)]
        demand([len(salt), sealed, data] == wanted, f"{name} diffère, ou précède un autre acte")
        print(f"{name} : le texte du cas nº {line['case']} est celui de la ligne {line['seq']}")


try:
    check(*sys.argv[1:])
except Exception as fault:
    sys.exit(f"ÉCHEC : {fault}" if len(sys.argv) > 2 else __doc__)

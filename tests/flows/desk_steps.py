"""What members do at the desk, page by page, as they would: the steps of the tests beside."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pyotp
from input_devices import Hands, words_of
from playwright.sync_api import Page, expect

# What a case of justice is told of each change until somebody else has read it.
WAITS = "Ce changement attend un autre membre"
PASSWORD = "quatre mots sans rapport aucun"


@dataclass
class Member:
    """Somebody at a browser, with what they know and the codes that they noted."""

    hands: Hands
    email: str
    password: str = PASSWORD
    codes: list[str] = field(default_factory=list)

    @property
    def page(self) -> Page:
        """The page in front of them."""
        return self.hands.page


def heading(page: Page, words: str) -> None:
    """The page that is wanted is there."""
    expect(page.get_by_role("heading", level=1)).to_have_text(words_of(words))


def told(page: Page, words: str) -> None:
    """The act was confirmed in these words."""
    expect(page.get_by_role("status").filter(has_text=words_of(words))).to_be_visible()


# --- coming in ----------------------------------------------------------------------------------


def join(member: Member, link: str, name: str, *, first: bool = False) -> None:
    """From the link of an invitation to the desk: account, second factor, recovery codes."""
    hands, page = member.hands, member.page
    page.goto(link)
    heading(page, "Ouvrir votre compte")
    if first:
        hands.write("Votre adresse électronique", member.email)
    hands.write("Votre nom, comme le verront les autres membres", name)
    hands.write("Mot de passe", member.password)
    hands.press("Ouvrir mon compte")
    heading(page, "Votre seconde preuve")
    secret = page.locator("p.secret").inner_text().replace(" ", "")
    # Who has but a telephone cannot hold it before its own screen.
    by_hand = page.get_by_role("link", name="passez le secret à l’application")
    assert secret in (by_hand.get_attribute("href") or "")
    hands.write("Code à six chiffres", pyotp.TOTP(secret).now())
    hands.press("Vérifier le code")
    heading(page, "Vos codes de secours")
    member.codes = page.locator("ul.secret li").all_inner_texts()
    assert len(member.codes) == 10
    hands.tick("J’ai noté ces codes")
    hands.press("Continuer")
    heading(page, "À faire")


def come_back(member: Member) -> None:
    """Leave, and come in again, knowing no more than the address of the site."""
    hands, page = member.hands, member.page
    hands.press("Se déconnecter")
    heading(page, "Se connecter")
    page.goto("/")
    hands.press("Espace de l’équipe")
    heading(page, "Se connecter")
    hands.write("Adresse électronique", member.email)
    hands.write("Mot de passe", member.password)
    hands.write("Code", member.codes.pop())
    hands.press("Se connecter")
    heading(page, "À faire")


def invited(member: Member, email: str) -> str:
    """The link with which an administrator invites a moderator."""
    hands, page = member.hands, member.page
    hands.press("Membres")
    hands.write("Adresse électronique", email)
    hands.choose("Rôle", "Modération", page.locator("section", has_text="Inviter quelqu’un"))
    hands.press("Préparer l’invitation")
    proved(member)
    heading(page, "L’invitation est prête")
    return page.get_by_label("Le lien seul").input_value()


def proved(member: Member) -> None:
    """Password and code once more, where the act asks for them; a recovery code will do."""
    hands, page = member.hands, member.page
    if not page.get_by_role("heading", name="Confirmez que c’est vous").count():
        return
    hands.write("Mot de passe", member.password)
    hands.write("Code", member.codes.pop())
    hands.press("Confirmer et continuer")


# --- a case -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Story:
    """A case as a newspaper told it: what is typed and chosen, by the labels of the editor."""

    source: str
    kind: str
    told_by: str
    title: str
    summary: str
    outlet: str
    type: str
    date: str
    place: str
    actor: str
    level: str
    target: str
    evidence: str
    outcome: str
    court: str = ""
    decided_on: str = ""


def draft(member: Member, story: Story) -> str:
    """A new case from its source; the address of its page on the desk."""
    hands, page = member.hands, member.page
    hands.press("À faire")
    hands.press("Nouveau dossier")
    heading(page, "Nouveau dossier")
    hands.write("Adresse de la page", story.source)
    hands.choose("Sorte de source", story.kind)
    hands.write("Publié par", story.told_by)
    hands.choose("Type principal", story.type)
    hands.write("Titre", story.title)
    hands.write("Résumé", story.summary)
    hands.write("Blogs ou médias en cause", story.outlet)
    hands.write("Date des faits", story.date)
    hands.write("Lieu", story.place)
    hands.choose("Qui agit", story.actor)
    hands.choose("Niveau de l’autorité", story.level)
    hands.choose("Qui est visé", story.target)
    hands.choose("Niveau de preuve", story.evidence)
    hands.choose("Issue du cas", story.outcome)
    if story.court:
        _proceeding(member, story)
    hands.write("Pourquoi cet enregistrement", "lu dans la presse locale")
    hands.press("Enregistrer le brouillon")
    expect(page).to_have_url(re.compile(r"/moderation/dossiers/[0-9]+$"))
    heading(page, story.title)
    return page.url


def _proceeding(member: Member, story: Story) -> None:
    hands, page = member.hands, member.page
    hands.press("Ajouter une procédure")
    row = page.locator("#proceedings-0")
    expect(row).to_be_visible()
    # What was typed before the row was added is still there.
    expect(page.get_by_label("Titre", exact=True)).to_have_value(story.title)
    hands.choose("Qui agit contre qui", "Contre la personne visée", row)
    hands.choose("Nature", "Pénale", row)
    hands.choose("Qui a engagé la procédure", story.actor, row)
    hands.write("Juridiction", story.court, row)
    hands.choose("Issue de la procédure", story.outcome, row)
    hands.write("Date de la décision", story.decided_on, row)
    hands.choose("Appel", "On ne sait pas", row)


def missing(page: Page) -> list[str]:
    """The lines of the checklist that are not met, as the page of a case tells them."""
    return page.locator(".check .no-go > span").all_inner_texts()


def invite_authority(member: Member, why: str) -> None:
    """Note why the authority was not asked to reply before publication."""
    hands, page = member.hands, member.page
    hands.press("Inviter à répondre")
    heading(page, "Inviter l’autorité à répondre")
    hands.choose("L’autorité est-elle invitée à répondre ?", "Non, et voici pourquoi")
    hands.write("Comment, à quelle adresse ; ou pourquoi elle ne l’est pas", why)
    hands.press("Noter")
    told(page, "C’est noté.")


def approve(member: Member, case: str) -> None:
    """Read somebody else's text and say yes to it."""
    member.page.goto(case)
    member.hands.press("Approuver cette version")
    heading(member.page, "Approuver cette version")
    member.hands.press("Approuver ce texte")
    told(member.page, "Vous avez approuvé cette version.")


def attest(member: Member) -> None:
    """The three points that a moderator answers for, and why marked words stay."""
    hands, page = member.hands, member.page
    hands.tick("Chaque affirmation est attribuée à sa source")
    hands.tick("Aucune personne privée n’est nommée ni reconnaissable")
    hands.tick("Rien ne touche à la vie privée")
    if page.get_by_label("Pourquoi les mots signalés restent").count():
        hands.write("Pourquoi les mots signalés restent", "ce sont les mots de la décision")
    hands.write("Motif, pour les membres", "lu et vérifié sur la source")


def publish(member: Member, case: str) -> int:
    """Publish a case whose checklist is complete; its number."""
    page = member.page
    page.goto(case)
    member.hands.press("Publier")
    heading(page, "Publier ce dossier")
    attest(member)
    member.hands.press("Publier")
    told(page, "Le cas est publié sous le nº")
    found = re.search(r"nº\s*([0-9]+)", page.get_by_role("status").first.inner_text())
    assert found
    return int(found[1])


# --- what comes after ---------------------------------------------------------------------------


def follow_up(member: Member, case: str, title: str, text: str) -> None:
    """What happened since, beside the account, which does not change."""
    hands, page = member.hands, member.page
    page.goto(case)
    hands.press("Ajouter une suite")
    heading(page, "Ajouter une suite")
    warned(page)
    hands.write("Titre de la suite", title)
    hands.write("Date du fait", "février 2023")
    hands.write("Texte de la suite", text)
    hands.choose("Appel", "Appel en cours", page.locator("#proceedings-0"))
    hands.write("Pourquoi cet enregistrement", "la source le dit aussi")
    hands.press("Publier la suite")
    told(page, WAITS)


def reply(member: Member, case: str, author: str, text: str) -> None:
    """A reply noted as it came in, read once more, and published."""
    hands, page = member.hands, member.page
    page.goto(case)
    hands.press("Noter une réponse reçue")
    hands.write("Qui répond", author)
    hands.write("En quelle qualité", "la commune mise en cause")
    hands.write("Le texte, tel qu’il est arrivé", text)
    hands.press("Noter cette réponse")
    hands.press("Publier…")
    heading(page, "Publier la réponse")
    warned(page)
    hands.write("Motif, pour les membres", "demande régulière")
    hands.press("Publier la réponse")
    told(page, WAITS)


def correct(member: Member, case: str, summary: str, note: str) -> None:
    """Another summary, and what readers are told of it."""
    _rewrite(member, case, "Corriger", summary, note)
    member.hands.press("Publier la correction")
    told(member.page, WAITS)


def agree(member: Member, case: str) -> None:
    """Read a change that somebody else proposes, and have it published."""
    hands, page = member.hands, member.page
    page.goto(case)
    hands.press("Relire et approuver…")
    expect(page.get_by_role("heading", name="Ce qui change")).to_be_visible()
    hands.press("Approuver et publier")
    proved(member)
    told(page, "Le changement est publié, avec votre accord.")


def redact(member: Member, case: str, summary: str, note: str) -> None:
    """A summary without a passage, which readers find in no version any more."""
    _rewrite(member, case, "Retirer un passage", summary, note)
    member.hands.press("Retirer le passage pour toujours")
    proved(member)
    told(member.page, "Le passage est retiré")


def _rewrite(member: Member, case: str, act: str, summary: str, note: str) -> None:
    member.page.goto(case)
    member.hands.press(act)
    warned(member.page)
    member.hands.write("Résumé", summary)
    closing = member.page.locator("section[aria-labelledby=enregistrer]")
    member.hands.write("Note publique", note, closing)
    member.hands.write("Pourquoi cet enregistrement", note, closing)


def withdraw(member: Member, case: str) -> None:
    """Take a case out of sight while it is looked at again."""
    member.page.goto(case)
    member.hands.press("Retirer le cas")
    warned(member.page)
    member.hands.tick("Le cas fait l’objet d’un nouvel examen")
    member.hands.write("Motif, pour les membres", "une lettre de la mairie est à lire d’abord")
    member.hands.press("Retirer le cas")
    proved(member)
    told(member.page, "Le cas est retiré")


def restore(member: Member, case: str) -> None:
    """Show a withdrawn case again, by the same checklist."""
    member.page.goto(case)
    member.hands.press("Rétablir")
    warned(member.page)
    attest(member)
    member.hands.press("Rétablir")
    told(member.page, "Le cas est rétabli")


def merge(member: Member, case: str, number: int) -> None:
    """Lead a case to the one that tells the same affair."""
    member.page.goto(case)
    member.hands.press("Réunir à un autre cas")
    member.hands.write("Numéro du cas qui restera", str(number))
    member.hands.press("Voir les deux")
    warned(member.page)
    member.hands.write("Motif, pour les membres", "deux fois la même affaire")
    member.hands.press("Réunir au cas")
    proved(member)
    told(member.page, "Le dossier est réuni")


def erase(administrator: Member, second: Member, case: str) -> None:
    """Destroy a case's texts for ever: one member agrees, an administrator does it."""
    second.page.goto(case)
    second.hands.press("Approuver l’effacement")
    second.hands.press("Approuver l’effacement")
    told(second.page, "Vous avez approuvé l’effacement")
    administrator.page.goto(case)
    administrator.hands.press("Effacer pour toujours")
    warned(administrator.page)
    administrator.hands.tick("Une donnée personnelle devait être retirée")
    administrator.hands.press("Effacer pour toujours")
    proved(administrator)
    heading(administrator.page, "Ce dossier a été effacé")


def warned(page: Page) -> None:
    """The page says what changes in public and what the law says of it."""
    note = page.locator("section.note", has_text="Ce que cela change pour le public")
    expect(note).to_be_visible()
    expect(note).to_contain_text("art. 65")

"""What members do at the desk, page by page, as they would: the steps of the tests beside."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pyotp
from input_devices import User, words_of
from playwright.sync_api import Locator, Page, expect

# The message after a change to a case of justice, until somebody else has read it.
WAITS = "Ce changement attend un autre membre"
PASSWORD = "quatre mots sans rapport aucun"


@dataclass
class Member:
    """A member at a browser, with their address, password and noted codes."""

    user: User
    email: str
    password: str = PASSWORD
    codes: list[str] = field(default_factory=list)

    @property
    def page(self) -> Page:
        """The page in front of them."""
        return self.user.page


def heading(page: Page, words: str) -> Locator:
    """The heading of a page in these words."""
    # A heading of the public page within the desk has a level of its own.
    return page.locator("h1:not([aria-level])").filter(has_text=words_of(words))


def message(page: Page, words: str) -> Locator:
    """The status message in these words."""
    return page.get_by_role("status").filter(has_text=words_of(words))


def expect_heading(page: Page, words: str) -> None:
    """Require the heading of the expected page."""
    expect(heading(page, words)).to_be_visible()


def expect_message(page: Page, words: str) -> None:
    """Require a status message in these words."""
    expect(message(page, words)).to_be_visible()


# --- signing in -----------------------------------------------------------------------------------


def join(member: Member, link: str, name: str, *, first: bool = False) -> None:
    """From the link of an invitation to the desk: account, second factor, recovery codes."""
    user, page = member.user, member.page
    page.goto(link)
    expect_heading(page, "Ouvrir votre compte")
    if first:
        user.write("Votre adresse électronique", member.email)
    user.write("Votre nom, comme le verront les autres membres", name)
    user.write("Mot de passe", member.password)
    user.press("Ouvrir mon compte")
    expect_heading(page, "Votre seconde preuve")
    secret = page.locator("p.secret").inner_text().replace(" ", "")
    # Who has but a telephone cannot hold it before its own screen.
    secret_link = page.get_by_role("link", name="passez le secret à l’application")
    assert secret in (secret_link.get_attribute("href") or "")
    user.write("Code à six chiffres", pyotp.TOTP(secret).now())
    user.press("Vérifier le code")
    expect_heading(page, "Vos codes de secours")
    member.codes = page.locator("ul.secret li").all_inner_texts()
    assert len(member.codes) == 10
    user.tick("J’ai noté ces codes")
    user.press("Continuer")
    expect_heading(page, "À faire")


def come_back(member: Member) -> None:
    """Leave, and come in again, knowing no more than the address of the site."""
    user, page = member.user, member.page
    user.press("Se déconnecter")
    expect_heading(page, "Se connecter")
    page.goto("/")
    user.press("Espace de l’équipe")
    expect_heading(page, "Se connecter")
    user.write("Adresse électronique", member.email)
    user.write("Mot de passe", member.password)
    user.write("Code", member.codes.pop())
    user.press("Se connecter")
    expect_heading(page, "À faire")


def invite(member: Member, email: str) -> str:
    """The link with which an administrator invites a moderator."""
    user, page = member.user, member.page
    user.press("Membres")
    user.write("Adresse électronique", email)
    user.choose("Rôle", "Modération", page.locator("section", has_text="Inviter quelqu’un"))
    user.press("Préparer l’invitation")
    prove_identity(member, heading(page, "L’invitation est prête"))
    return page.get_by_label("Le lien seul").input_value()


def prove_identity(member: Member, outcome: Locator) -> None:
    """Enter password and a recovery code once more, where the act requires them.

    :param outcome: what is seen after the act.
    """
    user = member.user
    question = heading(member.page, "Confirmez que c’est vous")
    expect(question.or_(outcome)).to_be_visible()
    if question.is_visible():
        user.write("Mot de passe", member.password)
        user.write("Code", member.codes.pop())
        user.press("Confirmer et continuer")
    expect(outcome).to_be_visible()


# --- a case -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Story:
    """A case from a newspaper: what is typed and chosen, by the labels of the editor."""

    source: str
    kind: str
    publisher: str
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
    user, page = member.user, member.page
    user.press("À faire")
    user.press("Nouveau dossier")
    expect_heading(page, "Nouveau dossier")
    user.write("Adresse de la page", story.source)
    user.choose("Sorte de source", story.kind)
    user.write("Publié par", story.publisher)
    user.choose("Type principal", story.type)
    user.write("Titre", story.title)
    user.write("Résumé", story.summary)
    user.write("Blogs ou médias en cause", story.outlet)
    user.write("Date des faits", story.date)
    user.write("Lieu", story.place)
    user.choose("Qui agit", story.actor)
    user.choose("Niveau de l’autorité", story.level)
    user.choose("Qui est visé", story.target)
    user.choose("Niveau de preuve", story.evidence)
    user.choose("Issue du cas", story.outcome)
    if story.court:
        _proceeding(member, story)
    user.write("Pourquoi cet enregistrement", "lu dans la presse locale")
    user.press("Enregistrer le brouillon")
    expect(page).to_have_url(re.compile(r"/moderation/dossiers/[0-9]+$"))
    expect_heading(page, story.title)
    return page.url


def _proceeding(member: Member, story: Story) -> None:
    user, page = member.user, member.page
    user.press("Ajouter une procédure")
    row = page.locator("#proceedings-0")
    expect(row).to_be_visible()
    # The texts typed before the row was added are still there.
    expect(page.get_by_label("Titre", exact=True)).to_have_value(story.title)
    user.choose("Qui agit contre qui", "Contre la personne visée", row)
    user.choose("Nature", "Pénale", row)
    user.choose("Qui a engagé la procédure", story.actor, row)
    user.press("Ajouter une étape")
    step = page.locator("#proceedings-0-steps-0")
    expect(step).to_be_visible()
    user.write("Date", story.decided_on, step)
    user.choose("Étape", "Jugement", step)
    user.choose("Ce qui a été décidé", story.outcome, step)
    user.write("Juridiction", story.court, step)
    user.choose("Appel ou pourvoi", "On ne sait pas", step)


def unmet_points(page: Page) -> list[str]:
    """The lines of the checklist that are not met, on the page of a case."""
    return page.locator(".check .no-go > span").all_inner_texts()


def invite_authority(member: Member, why: str) -> None:
    """Note why the authority was not invited to reply before publication."""
    user, page = member.user, member.page
    user.press("Inviter à répondre")
    expect_heading(page, "Inviter l’autorité à répondre")
    user.choose("L’autorité est-elle invitée à répondre ?", "Non, et voici pourquoi")
    user.write("Comment, à quelle adresse ; ou pourquoi elle ne l’est pas", why)
    user.press("Noter")
    expect_message(page, "C’est noté.")


def approve(member: Member, case: str) -> None:
    """Approve somebody else's version."""
    member.page.goto(case)
    member.user.press("Approuver cette version")
    expect_heading(member.page, "Approuver cette version")
    member.user.press("Approuver cette page")
    expect_message(member.page, "Vous avez approuvé cette version.")


def attest(member: Member) -> None:
    """What is attested, and the reason of the act."""
    answer(member)
    member.user.write("Motif, pour les membres", "lu et vérifié sur la source")


REPLY_ATTESTATIONS = (
    "La réponse et la qualité de son auteur sont bien les siennes",
    "Elle ne met en cause aucune personne privée",
    "Elle ne touche à la vie privée de personne",
)


def answer(member: Member) -> None:
    """The three points that a moderator answers for, and why each of the marked words stays."""
    user, page = member.user, member.page
    user.tick("Chaque affirmation est attribuée à sa source")
    user.tick("Aucune personne privée n’est nommée ni reconnaissable")
    user.tick("Rien ne touche à la vie privée")
    explain_flags(page)


def explain_flags(page: Page) -> None:
    """The reason of each marked passage that has none yet."""
    for reason in page.get_by_label(re.compile("^Pourquoi «")).all():
        if not reason.input_value():
            reason.fill("ce sont les mots de la source")


def publish(member: Member, case: str) -> int:
    """Publish a case whose checklist is complete; its number."""
    page = member.page
    page.goto(case)
    member.user.press("Publier")
    expect_heading(page, "Publier ce dossier")
    attest(member)
    member.user.press("Publier")
    expect_message(page, "Le cas est publié sous le nº")
    match = re.search(r"nº\s*([0-9]+)", page.get_by_role("status").first.inner_text())
    assert match
    return int(match[1])


# --- after publication ----------------------------------------------------------------------------


def follow_up(member: Member, case: str, title: str, text: str) -> None:
    """Add a later event beside the account, which does not change."""
    user, page = member.user, member.page
    page.goto(case)
    user.press("Ajouter une suite")
    expect_heading(page, "Ajouter une suite")
    expect_warning(page)
    user.write("Titre de la suite", title)
    user.write("Date du fait", "février 2023")
    user.write("Texte de la suite", text)
    user.choose("Étape", "Appel", page.locator("#decision"))
    user.write("Sans adresse : pourquoi", "entendu à l’audience, pas encore en ligne")
    user.write("Pourquoi cet enregistrement", "la source le dit aussi")
    answer(member)
    user.press("Publier la suite")
    expect_message(page, WAITS)


def reply(member: Member, case: str, author: str, text: str) -> None:
    """A reply noted as it came in, read once more, and published."""
    note_reply(member, case, author, text)
    member.user.press("Publier…")
    expect_heading(member.page, "Publier la réponse")
    expect_warning(member.page)
    publish_reply(member, WAITS)


def note_reply(member: Member, case: str, author: str, text: str) -> None:
    user = member.user
    member.page.goto(case)
    user.press("Noter une réponse reçue")
    user.write("Qui répond", author)
    user.write("En quelle qualité", "la commune mise en cause")
    user.write("Le texte, tel qu’il est arrivé", text)
    user.press("Noter cette réponse")


def publish_reply(member: Member, message: str = "La réponse est publiée") -> None:
    """Fill in the form that publishes a reply, and send it."""
    user, page = member.user, member.page
    for label in REPLY_ATTESTATIONS:
        user.tick(label)
    user.write("Motif, pour les membres", "demande régulière")
    explain_flags(page)
    user.press("Publier la réponse")
    expect_message(page, message)


def correct(member: Member, case: str, summary: str, note: str) -> None:
    """Correct the summary, with a public note."""
    _rewrite(member, case, "Corriger", summary, note)
    member.user.press("Publier la correction")
    expect_message(member.page, WAITS)


def agree(member: Member, case: str, *, shown: str = "Ce qui change") -> None:
    """Read a change that somebody else proposes, and have it published.

    :param shown: the heading of what changes.
    """
    user, page = member.user, member.page
    page.goto(case)
    user.press("Relire et approuver…")
    expect(page.get_by_role("heading", name=shown)).to_be_visible()
    user.press("Approuver et publier")
    prove_identity(member, message(page, "Le changement est publié, avec votre accord."))


def redact(member: Member, case: str, summary: str, note: str) -> None:
    """A summary without a passage, which readers find in no version any more."""
    _rewrite(member, case, "Retirer un passage", summary, note)
    member.user.press("Voir ce qui sera retiré")
    prove_identity(member, member.page.get_by_role("heading", name="Ce qui sera retiré"))
    member.user.press("Retirer ces passages pour toujours")
    expect_message(member.page, "Le passage est retiré")


def _rewrite(member: Member, case: str, act: str, summary: str, note: str) -> None:
    member.page.goto(case)
    member.user.press(act)
    expect_warning(member.page)
    member.user.write("Résumé", summary)
    closing = member.page.locator("section[aria-labelledby=enregistrer]")
    member.user.write("Note publique", note, closing)
    member.user.write("Pourquoi cet enregistrement", note, closing)
    answer(member)


def withdraw(member: Member, case: str) -> None:
    """Take a case out of sight while it is looked at again."""
    member.page.goto(case)
    member.user.press("Retirer le cas")
    expect_warning(member.page)
    member.user.tick("Le cas fait l’objet d’un nouvel examen")
    member.user.write("Motif, pour les membres", "une lettre de la mairie est à lire d’abord")
    member.user.press("Retirer le cas")
    prove_identity(member, message(member.page, "Le cas est retiré"))


def restore(member: Member, case: str) -> None:
    """Show a withdrawn case again, by the same checklist."""
    member.page.goto(case)
    member.user.press("Rétablir")
    attest(member)
    member.user.press("Rétablir")
    expect_message(member.page, "Le cas est rétabli")


def merge(member: Member, case: str, number: int) -> None:
    """Merge a case into the one of the same affair."""
    member.page.goto(case)
    member.user.press("Réunir à un autre cas")
    member.user.write("Numéro du cas qui restera", str(number))
    member.user.press("Voir les deux")
    expect_warning(member.page)
    member.user.write("Motif, pour les membres", "deux fois la même affaire")
    member.user.press("Proposer de réunir au cas")
    prove_identity(member, message(member.page, "Ce changement attend un autre membre"))


def part(member: Member, case: str) -> None:
    """Part a case from the one that it was merged into."""
    member.page.goto(case)
    member.user.press("Séparer de l’autre cas…")
    expect_warning(member.page)
    member.user.write("Motif, pour les membres", "deux affaires, à y regarder de près")
    member.user.press("Proposer de séparer")
    expect_message(member.page, "Ce changement attend un autre membre")


def erase(administrator: Member, second: Member, case: str) -> None:
    """Destroy a case's texts for ever: one member agrees, an administrator does it."""
    second.page.goto(case)
    second.user.press("Approuver l’effacement")
    second.user.press("Approuver l’effacement")
    expect_message(second.page, "Vous avez approuvé l’effacement")
    administrator.page.goto(case)
    administrator.user.press("Effacer pour toujours")
    expect_warning(administrator.page)
    administrator.user.tick("Une donnée personnelle devait être retirée")
    administrator.user.press("Effacer pour toujours")
    prove_identity(administrator, heading(administrator.page, "Ce dossier a été effacé"))


def expect_warning(page: Page) -> None:
    """Require the note on what changes in public and on the law."""
    note = page.locator("section.note", has_text="Ce que cela change pour le public")
    expect(note).to_be_visible()
    expect(note).to_contain_text("art. 65")

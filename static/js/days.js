/* Beside a box for a date in words: the days people say most, and the browser's own calendar. What
   is picked is written into the box, in words that the server reads as it reads typed ones. */

// English as the site writes it, the day first.
const LANGUAGE = document.documentElement.lang.replace(/^en$/, "en-GB");
const WORDS = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: "long" });

function attach(box) {
  const row = document.createElement("p");
  row.className = "days";

  function write(words) {
    box.value = words;
    // Whoever counts, warns or keeps listens for this.
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.dispatchEvent(new Event("change", { bubbles: true }));
  }

  for (const words of box.dataset.days.split("|")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn quiet";
    button.textContent = words;
    button.addEventListener("click", () => write(words));
    row.append(button);
  }

  const label = document.createElement("label");
  const calendar = document.createElement("input");
  calendar.type = "date";
  calendar.id = `${box.id}-jour`;
  calendar.className = "input";
  // The day of today where the reader is.
  calendar.max = new Date().toLocaleDateString("sv");
  calendar.addEventListener("change", () => {
    // At noon, the day is the same in every zone of the country.
    if (calendar.value) write(WORDS.format(new Date(`${calendar.value}T12:00`)));
  });
  label.append(`${box.dataset.calendar} `, calendar);
  row.append(label);
  box.after(row);
}

function attachAll({ target } = { target: document }) {
  target.querySelectorAll("[data-days]").forEach(attach);
}

attachAll();
document.addEventListener("registre:page", attachAll);
document.addEventListener("registre:part", attachAll);

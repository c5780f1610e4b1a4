/* Rectangles on a picture that hide a part of it, or say what is left: drawn, moved and resized with a
   pointer, a finger or the keyboard. They write the numbers of the form, which does all without
   this script. */

const STEP = 1; // percent of the picture, by key
const LEAST = 1;
const SIDES = ["x", "y", "w", "h"];
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const clamp = (number, least, most) => Math.min(Math.max(number, least), most);
const rounded = (number) => String(Math.round(number * 100) / 100);

class Stage {
  constructor(panel) {
    this.panel = panel;
    this.stage = document.querySelector(`[data-stage="${panel.dataset.masks}"]`);
    this.numbers = panel.querySelector("[data-numbers]");
    this.status = panel.querySelector("[data-said]");
    this.remover = panel.querySelector("[data-remove]");
    this.tools = panel.querySelector("[data-tools]");
    if (!this.stage) return;
    this.tools.hidden = false;
    this.numbers.open = false;
    for (const row of panel.querySelectorAll("[data-row]")) {
      this.show(row);
      row.addEventListener("input", () => this.show(row));
    }
    for (const button of this.tools.querySelectorAll("[data-add]")) {
      button.addEventListener("click", () => this.add(button.dataset.add, { x: 35, y: 35, w: 30, h: 30 }));
    }
    this.remover.addEventListener("click", () => this.chosen && this.remove(this.chosen));
    // A finger on the picture scrolls the page: it adds a rectangle with a button instead.
    if (this.stage.querySelector("img")) this.stage.addEventListener("pointerdown", (event) => this.draw(event));
  }

  field(row, side) { return row.querySelector(`[name$="-${side}"]`); }

  area(row) {
    const numbers = SIDES.map((side) => parseFloat(this.field(row, side).value.replace(",", ".")));
    return numbers.some(Number.isNaN) ? null : Object.fromEntries(SIDES.map((side, i) => [side, numbers[i]]));
  }

  write(row, area) {
    for (const side of SIDES) this.field(row, side).value = area ? rounded(area[side]) : "";
    this.show(row);
  }

  kind(row) { return row.dataset.row === "crop" ? "crop" : this.field(row, "style").value; }

  /* The rectangle of a row, as its numbers are now. */
  show(row) {
    const area = this.area(row);
    if (!area) {
      row.rectangle?.remove();
      row.rectangle = null;
      return;
    }
    const box = (row.rectangle ??= this.rectangle(row));
    const kind = this.kind(row);
    box.className = `mask ${kind}`;
    box.style.left = `${area.x}%`;
    box.style.top = `${area.y}%`;
    box.style.width = `${area.w}%`;
    box.style.height = `${area.h}%`;
    const values = { name: this.name(row), ...Object.fromEntries(SIDES.map((side) => [side, rounded(area[side])])) };
    box.setAttribute("aria-label", this.panel.dataset.where.replace(/\{(\w+)\}/g, (_all, key) => values[key]));
  }

  name(row) {
    const word = this.panel.dataset[this.kind(row)];
    if (row.dataset.row === "crop") return word;
    return `${word} ${[...this.panel.querySelectorAll('[data-row="mask"]')].indexOf(row) + 1}`;
  }

  rectangle(row) {
    const box = document.createElement("button");
    box.type = "button";
    const grip = document.createElement("span");
    grip.className = "grip";
    grip.setAttribute("aria-hidden", "true");
    box.append(grip);
    box.addEventListener("keydown", (event) => this.key(event, row));
    box.addEventListener("focus", () => { this.chosen = row; this.remover.hidden = false; });
    box.addEventListener("pointerdown", (event) => this.drag(event, row, event.target === grip));
    this.stage.append(box);
    return box;
  }

  key(event, row) {
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      this.remove(row);
      return;
    }
    const [across, down] = KEYS[event.key] ?? [0, 0];
    if (!across && !down) return;
    event.preventDefault();
    this.change(row, this.area(row), across * STEP, down * STEP, event.shiftKey);
  }

  /* A rectangle moved or resized by percents, within the picture. */
  change(row, area, across, down, isResizing) {
    const changed = { ...area };
    if (isResizing) {
      changed.w = clamp(area.w + across, LEAST, 100 - area.x);
      changed.h = clamp(area.h + down, LEAST, 100 - area.y);
    } else {
      changed.x = clamp(area.x + across, 0, 100 - area.w);
      changed.y = clamp(area.y + down, 0, 100 - area.h);
    }
    this.write(row, changed);
  }

  percents(event) {
    const frame = this.stage.getBoundingClientRect();
    return {
      x: clamp((100 * (event.clientX - frame.left)) / frame.width, 0, 100),
      y: clamp((100 * (event.clientY - frame.top)) / frame.height, 0, 100),
    };
  }

  follow(event, target, move, end = () => {}) {
    event.preventDefault();
    target.setPointerCapture(event.pointerId);
    const stop = () => {
      target.removeEventListener("pointermove", move);
      target.removeEventListener("pointerup", stop);
      target.removeEventListener("pointercancel", stop);
      end();
    };
    target.addEventListener("pointermove", move);
    target.addEventListener("pointerup", stop);
    target.addEventListener("pointercancel", stop);
  }

  drag(event, row, isResizing) {
    event.stopPropagation();
    row.rectangle.focus();
    const from = this.percents(event);
    const area = this.area(row);
    this.follow(event, row.rectangle, (moved) => {
      const to = this.percents(moved);
      this.change(row, area, to.x - from.x, to.y - from.y, isResizing);
    });
  }

  draw(event) {
    if (event.pointerType === "touch" || event.button !== 0) return;
    const from = this.percents(event);
    let row = null;
    this.follow(event, this.stage, (moved) => {
      const to = this.percents(moved);
      const area = { x: Math.min(from.x, to.x), y: Math.min(from.y, to.y), w: Math.abs(to.x - from.x), h: Math.abs(to.y - from.y) };
      if (!row && (area.w < LEAST || area.h < LEAST)) return;
      row ??= this.free();
      this.write(row, { ...area, w: Math.max(area.w, LEAST), h: Math.max(area.h, LEAST) });
    }, () => row?.rectangle?.focus());
  }

  add(kind, area) {
    const row = kind === "crop" ? this.panel.querySelector('[data-row="crop"]') : this.free();
    if (kind !== "crop") this.field(row, "style").value = kind;
    this.write(row, kind === "crop" ? { x: 5, y: 5, w: 90, h: 90 } : area);
    row.rectangle.focus();
  }

  /* The first row without numbers; another one when there is none. */
  free() {
    const rows = [...this.panel.querySelectorAll('[data-row="mask"]')];
    const empty = rows.find((row) => SIDES.every((side) => !this.field(row, side).value.trim()));
    if (empty) return empty;
    const last = rows.at(-1);
    const row = last.cloneNode(true);
    const prefix = `m${this.panel.dataset.masks}-`;
    for (const part of row.querySelectorAll("[id], [for]")) {
      for (const name of ["id", "name", "for"]) {
        const value = part.getAttribute(name);
        if (value) part.setAttribute(name, value.replace(`${prefix}${rows.length - 1}-`, `${prefix}${rows.length}-`));
      }
      if (part.tagName === "INPUT") part.value = "";
    }
    const legend = row.querySelector("legend");
    legend.textContent = legend.textContent.replace(/\d+/, String(rows.length + 1));
    row.addEventListener("input", () => this.show(row));
    last.after(row);
    return row;
  }

  remove(row) {
    this.status.textContent = this.panel.dataset.gone.replace("{name}", this.name(row));
    this.write(row, null);
    this.chosen = null;
    this.remover.hidden = true;
    this.tools.querySelector("[data-add]").focus();
  }
}

for (const panel of document.querySelectorAll("[data-masks]")) new Stage(panel);

// The player's time, into the field beside.
const player = document.querySelector(".stage video, .leaf audio");
for (const button of document.querySelectorAll("[data-now]")) {
  if (!player) break;
  button.hidden = false;
  button.addEventListener("click", () => {
    const fields = ["de", "a"].map((end) => document.getElementById(`${button.dataset.now}-${end}`));
    const seconds = Math.round(player.currentTime * 10) / 10;
    const field = fields.find((one) => !one.value) ?? fields[1];
    field.value = `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}${seconds % 1 ? `.${Math.round((seconds % 1) * 10)}` : ""}`;
  });
}

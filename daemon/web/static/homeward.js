// What the pages do beyond links and forms: keys, copying, selections that survive a live update, the browser's zone.
"use strict";
(() => {
  const said = (words) => { const place = document.getElementById("said"); if (place) place.textContent = words; };

  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !document.cookie.split("; ").includes(`zone=${zone}`)) {
    document.cookie = `zone=${zone}; path=/; max-age=31536000; samesite=lax`;
  }

  const copy = async (text, button) => {
    try { await navigator.clipboard.writeText(text); }
    catch { const box = document.createElement("textarea"); box.value = text; document.body.append(box); box.select(); document.execCommand("copy"); box.remove(); }
    said("Copied");
    if (button) { const was = button.textContent; button.textContent = "Copied"; setTimeout(() => { button.textContent = was; }, 1500); }
  };

  // -- lines of a list ---------------------------------------------------------------------------------------------
  let at = null;  // the id of the line the keys are on
  const lines = () => [...document.querySelectorAll("tr[data-line]")];
  const lineAt = () => lines().find((line) => line.dataset.line === at);
  const goTo = (step) => {
    const all = lines();
    if (!all.length) return;
    const next = all[Math.min(Math.max(all.findIndex((line) => line.dataset.line === at) + step, 0), all.length - 1)];
    mark(next);
    next.scrollIntoView({ block: "nearest" });
    const link = next.querySelector("a");
    if (link) link.focus({ preventScroll: true });
  };
  const mark = (line) => {
    lines().forEach((each) => each.classList.toggle("at", each === line));
    at = line ? line.dataset.line : null;
  };
  const boxes = () => [...document.querySelectorAll('input[name="ids"]')];
  const count = () => {
    const chosen = boxes().filter((box) => box.checked).length;
    document.querySelectorAll("[data-chosen]").forEach((place) => { place.textContent = chosen; });
    const selected = document.querySelector('input[name="scope"][value="selected"]');
    if (selected && chosen && !selected.checked) selected.checked = true;
  };
  const choose = (verb) => {
    const form = document.getElementById("bulk");
    const line = lineAt();
    if (form && form.elements.verb) {
      if (!boxes().some((box) => box.checked) && line) { const box = line.querySelector('input[name="ids"]'); if (box) box.checked = true; }
      count();
      const option = [...form.elements.verb.options].find((each) => each.value === verb);
      if (!option) { said(`Your role may not ${verb}`); return; }
      form.elements.verb.value = verb;
      form.requestSubmit();
      return;
    }
    const field = document.querySelector(`[data-verb="${verb}"]`);
    if (field) { const fold = field.closest("details"); if (fold) fold.open = true; field.focus(); }
  };

  // -- keys --------------------------------------------------------------------------------------------------------
  let going = false;
  const PLACES = { h: "/", e: "/exceptions", r: "/returns", w: "/warehouse", b: "/batches", m: "/books" };
  const VERBS = { a: "assign", r: "retry", n: "note", z: "snooze" };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
    if (event.key === "Escape" && typing) { event.target.blur(); return; }
    if (typing || document.querySelector("dialog[open]")) return;
    if (going) { going = false; const place = PLACES[event.key]; if (place) { event.preventDefault(); location.href = place; } return; }
    switch (event.key) {
      case "/": { const find = document.getElementById("find"); if (find) { event.preventDefault(); find.focus(); find.select(); } break; }
      case "g": going = true; setTimeout(() => { going = false; }, 1500); break;
      case "j": event.preventDefault(); goTo(1); break;
      case "k": event.preventDefault(); goTo(-1); break;
      case "x": { const line = lineAt(); const box = line && line.querySelector('input[name="ids"]'); if (box) { event.preventDefault(); box.checked = !box.checked; count(); said(box.checked ? "Selected" : "Not selected"); } break; }
      case "Enter": { const line = lineAt(); if (line && !event.target.closest("a, button, summary, input")) { const link = line.querySelector("a"); if (link) link.click(); } break; }
      case "?": { const keys = document.getElementById("keys"); if (keys) { event.preventDefault(); keys.showModal(); } break; }
      default: if (VERBS[event.key]) { event.preventDefault(); choose(VERBS[event.key]); }
    }
  });

  document.addEventListener("click", (event) => {
    const copied = event.target.closest("[data-copy]");
    if (copied) copy(document.getElementById(copied.dataset.copy).textContent, copied);
    const shared = event.target.closest("[data-share]");
    if (shared) { event.preventDefault(); copy(shared.href); }
    if (event.target.closest("[data-keys]")) document.getElementById("keys").showModal();
    const all = event.target.closest("[data-all]");
    if (all) { boxes().forEach((box) => { box.checked = all.checked; }); count(); }
    const fill = event.target.closest("[data-fill]");
    if (fill) { const field = document.getElementById(fill.dataset.fill); field.value = fill.dataset.value; field.focus(); }
  });
  document.addEventListener("change", (event) => { if (event.target.name === "ids") count(); });
  document.addEventListener("focusin", (event) => { const line = event.target.closest("tr[data-line]"); if (line) mark(line); });

  // -- live updates: one stream while the page is looked at, none while it is not (browsers allow six to one server) ------
  const live = document.querySelector("[data-live]");
  let stream = null;
  const shut = () => { if (stream) { stream.close(); stream = null; } };
  const open = () => {
    if (!live || stream || document.hidden) return;
    stream = new EventSource(live.dataset.live);
    stream.addEventListener("changed", () => htmx.trigger(live, "changed"));
  };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { shut(); return; }
    open();
    if (live) htmx.trigger(live, "changed");  // what moved meanwhile
  });
  addEventListener("pagehide", shut);
  addEventListener("pageshow", open);

  // ... and they keep what was chosen, unfolded and typed ---------------------------------------------------------
  let kept = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    const place = event.detail.target;
    if (!place || place.id !== "fresh") return;
    if (event.detail.xhr.status !== 200) { event.detail.shouldSwap = false; if (event.detail.xhr.status === 401) location.reload(); return; }
    const field = document.activeElement;
    const typed = (each) => each.matches("input:not([type=checkbox]):not([type=radio]):not([type=hidden]), textarea") && each.value !== each.defaultValue;
    const form = place.contains(field) && field.closest("form");
    if ((form && [...form.elements].some(typed)) || (place.contains(field) && field.matches("input:not([type=checkbox]), textarea, select") && field.value)) {
      event.detail.shouldSwap = false;  // somebody is writing here: the next change comes soon enough
      return;
    }
    kept = {
      ids: new Set(boxes().filter((box) => box.checked).map((box) => box.value)),
      open: [...place.querySelectorAll("details[open][id]")].map((fold) => fold.id),
      focus: field && field.id,
    };
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (!kept || !document.getElementById("fresh")) return;
    boxes().forEach((box) => { box.checked = kept.ids.has(box.value); });
    kept.open.forEach((id) => { const fold = document.getElementById(id); if (fold) fold.open = true; });
    if (kept.focus) { const field = document.getElementById(kept.focus); if (field) field.focus({ preventScroll: true }); }
    if (at) mark(lineAt());
    count();
    document.getElementById("fresh").classList.add("fresh");
    kept = null;
    said("Updated");
  });

  const scan = document.querySelector("[data-scan]");
  if (scan) scan.focus();
  count();
})();

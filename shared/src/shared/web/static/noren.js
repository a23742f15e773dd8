/* Small helps on top of pages that work without it: send once, ask first, fill from the postal code, keys. */
"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  document.documentElement.classList.add("scripted");

  /* ---- toasts ---- */
  const leave = (toast) => setTimeout(() => {
    toast.classList.add("is-leaving");
    setTimeout(() => toast.remove(), 400);
  }, 6000);
  const toast = (text, kind = "") => {
    const line = document.createElement("p");
    line.className = kind ? `toast toast-${kind}` : "toast";
    line.textContent = text;
    document.querySelector("[data-toasts]").append(line);
    leave(line);
  };
  all(".toast").forEach(leave);
  document.addEventListener("htmx:responseError", (event) => {
    let detail = "";
    try { detail = JSON.parse(event.detail.xhr.responseText).detail; } catch { /* not a problem document */ }
    toast(detail || "処理できませんでした。もう一度お試しください。", "stop");
  });
  document.addEventListener("htmx:sendError", () => toast("通信できませんでした。電波の良い場所でお試しください。", "stop"));

  /* ---- the rail is a strip on a phone: show where we are ---- */
  document.querySelector(".rail ul ul [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

  /* ---- a form shown again by its own answer: reload and Back ask for the page, never to send it once more ---- */
  if ("posted" in document.body.dataset) history.replaceState(history.state, "", location.href);

  /* ---- a page that waits: look again, and go on only once there is something else to read ---- */
  const waiting = document.querySelector("[data-look-again]");
  const wordsOf = (page) => page.querySelector("main")?.textContent.replace(/\s+/g, " ");
  const lookAgain = async () => {
    const link = waiting.querySelector("a");
    // Another address is a step of its own, perhaps to another site: the browser goes there.
    if (link.href !== location.href) return location.replace(link.href);
    try {
      const answer = await fetch(link.href, { headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const waits = page.querySelector("[data-look-again]");
      if (answer.redirected || !waits || wordsOf(page) !== wordsOf(document)) return location.replace(answer.url);
    } catch { /* no answer: look again later */ }
    setTimeout(lookAgain, Number(waiting.dataset.lookAgain) * 1000);
  };
  if (waiting) setTimeout(lookAgain, Number(waiting.dataset.lookAgain) * 1000);

  /* ---- errors: focus goes to the summary ---- */
  document.querySelector("[data-focus]")?.focus();

  /* ---- a form that leads to another site sends itself; without us there is its button ---- */
  document.querySelector("form[data-leaves]")?.submit();

  /* ---- a question before a dangerous action, in numbers ---- */
  const ask = (text) => new Promise((answer) => {
    const dialog = document.createElement("dialog");
    const words = document.createElement("p");
    words.textContent = text;
    const actions = document.createElement("form");
    actions.method = "dialog";
    actions.className = "form-actions";
    for (const [label, value, kind] of [["やめる", "no", "quiet"], ["実行する", "yes", "primary"]]) {
      const button = document.createElement("button");
      button.className = `button button-${kind}`;
      button.value = value;
      button.textContent = label;
      actions.append(button);
    }
    dialog.append(words, actions);
    dialog.addEventListener("close", () => { answer(dialog.returnValue === "yes"); dialog.remove(); });
    document.body.append(dialog);
    dialog.showModal();
  });

  /* ---- send once, with progress ---- */
  const hold = (form, button) => {
    form.dataset.sent = "yes";
    // After this tick, so that the button's own value is still sent.
    setTimeout(() => {
      for (const each of [...form.elements].filter((element) => element.type === "submit")) each.disabled = true;
      if (!button) return;
      button.dataset.label = button.textContent;
      button.setAttribute("aria-busy", "true");
      button.classList.add("is-sending");
      const busy = button.dataset.busy ?? form.dataset.busy;
      if (busy) button.textContent = busy;
    });
  };
  const release = (form) => {
    delete form.dataset.sent;
    for (const each of [...form.elements].filter((element) => element.type === "submit")) {
      each.disabled = false;
      each.removeAttribute("aria-busy");
      each.classList.remove("is-sending");
      if (each.dataset.label) each.textContent = each.dataset.label;
    }
  };
  // {yen:amount} is the amount typed into that field, {left:amount:3000} what is left of 3,000 yen after it. Without a
  // number there is nothing to ask: null, and the answer to the form says what is missing.
  const inNumbers = (question, form) => {
    let whole = true;
    const asked = question.replace(/\{(yen|left):(\w+)(?::(\d+))?\}/g, (_, kind, name, most) => {
      const digits = (form.elements[name]?.value ?? "").normalize("NFKC").replace(/[¥\\円,、\s]/g, "");
      whole &&= /^\d+$/.test(digits);
      return `¥${Math.max(kind === "yen" ? Number(digits) : Number(most) - Number(digits), 0).toLocaleString("ja-JP")}`;
    });
    return whole ? asked : null;
  };
  document.addEventListener("submit", (event) => {
    const form = event.target, button = event.submitter;
    if (event.defaultPrevented || form.method === "dialog" || form.method === "get") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    const words = button?.dataset.confirm ?? form.dataset.confirm;
    const question = words && inNumbers(words.replaceAll("{n}", String(selected().length || 1)), form);
    if (question && !form.querySelector("[name=confirmed]")) {
      event.preventDefault();
      ask(question).then((yes) => {
        if (!yes) return;
        const mark = document.createElement("input");
        Object.assign(mark, { type: "hidden", name: "confirmed", value: "1" });
        form.append(mark);
        form.requestSubmit(button);
      });
      return;
    }
    if ("once" in form.dataset) hold(form, button);
  });
  // Coming back with the browser's button: the page is as it was left, so let it be sent again.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) all("form[data-sent]").forEach((form) => {
      form.querySelector("[name=confirmed]")?.remove();
      release(form);
    });
  });

  /* ---- address from the postal code ---- */
  const digitsOf = (input) => input.value.normalize("NFKC").replace(/[^0-9]/g, "");
  const lookUp = async (digits) => {
    if (digits.length !== 7) return null;
    try {
      const answer = await fetch(`/api/checkout/postal/${digits}`, { headers: { Accept: "application/json" } });
      if (answer.status === 404) return { towns: [] };
      if (!answer.ok) return null;
      const found = await answer.json();
      return { ...found, towns: found.towns ?? [found] };
    } catch { return null; /* no answer: the address is typed by hand */ }
  };
  // What we would have put into 住所1 ourselves: still ours to replace. Anything beyond it is the buyer's.
  const guessesOf = (found) => [found.address1, ...found.towns.map((town) => town.address1)];
  const guesses = new WeakMap();
  const remember = async (input) => {
    const block = input.closest("[data-address]");
    if (!block || guesses.has(block)) return;
    guesses.set(block, []);
    const found = await lookUp(digitsOf(input));
    if (found && !guesses.get(block).length) guesses.set(block, guessesOf(found));
  };
  const take = (block, place) => {
    const prefecture = block.querySelector("[data-prefecture]"), address1 = block.querySelector("[data-address1]");
    if (prefecture && place.prefecture) prefecture.value = place.prefecture;
    if (address1) address1.value = place.address1;
    prefecture?.dispatchEvent(new Event("change", { bubbles: true }));
  };
  // Some codes have sixty towns: a list then, not a wall of buttons.
  const TOWN_BUTTONS_MAX = 8;
  const townButton = (town, choose) => {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "button button-quiet", textContent: town.prefecture + town.address1 });
    button.addEventListener("click", () => choose(town));
    return button;
  };
  const townList = (towns, choose) => {
    const list = document.createElement("select");
    list.setAttribute("aria-label", "郵便番号の住所");
    list.append(new Option("住所を選択してください", ""), ...towns.map((town, index) => new Option(town.prefecture + town.address1, String(index))));
    list.addEventListener("change", () => { if (list.value !== "") choose(towns[Number(list.value)]); });
    return list;
  };
  const note = (block, text, towns = []) => {
    const place = block.querySelector("[data-postal-note]");
    if (!place) return;
    const choose = (town) => {
      take(block, town);
      note(block, "");
      block.querySelector("[data-address1]")?.focus();
    };
    const choices = towns.length > TOWN_BUTTONS_MAX ? [townList(towns, choose)] : towns.map((town) => townButton(town, choose));
    place.replaceChildren(...(text ? [text] : []), ...choices);
  };
  const fill = async (input) => {
    const digits = digitsOf(input), block = input.closest("[data-address]");
    if (!block || input.dataset.asked === digits) return;
    input.dataset.asked = digits;
    note(block, "");
    const found = await lookUp(digits);
    if (!found || digitsOf(input) !== digits) return;
    if (!found.towns.length) {
      note(block, "この郵便番号は見つかりませんでした。番号とご住所をご確認ください（このままでもお進みいただけます）。");
      return;
    }
    const address1 = block.querySelector("[data-address1]"), ours = guesses.get(block) ?? [];
    const prefecture = block.querySelector("[data-prefecture]");
    if (!address1?.value || ours.includes(address1.value)) {
      take(block, found);
      note(block, found.towns.length > 1 ? "この郵便番号には複数の住所があります。お選びください。" : "", found.towns.length > 1 ? found.towns : []);
    } else {
      if (prefecture && !prefecture.value && found.prefecture) prefecture.value = found.prefecture;
      const fits = found.towns.some((town) => town.prefecture === prefecture?.value && address1.value.startsWith(town.address1));
      if (!fits) note(block, "郵便番号の住所と入力済みの住所が異なります。次の住所にする場合は押してください。", found.towns);
    }
    guesses.set(block, guessesOf(found));
  };
  document.addEventListener("focusin", (event) => {
    if (event.target.matches?.("[data-postal]")) remember(event.target);
  });
  document.addEventListener("input", (event) => {
    if (event.target.matches?.("[data-postal]") && !event.isComposing) fill(event.target);
  });
  document.addEventListener("compositionend", (event) => {
    if (event.target.matches?.("[data-postal]")) fill(event.target);
  });

  /* ---- desk: selected rows ---- */
  const selected = () => all("[data-select]:checked");
  const count = () => {
    const number = selected().length;
    all("[data-selected-count]").forEach((element) => { element.textContent = String(number); });
    all("[data-selection]").forEach((bar) => bar.classList.toggle("is-empty", number === 0));
    const every = document.querySelector("[data-select-all]");
    if (every) {
      every.checked = number > 0 && number === all("[data-select]").length;
      every.indeterminate = number > 0 && !every.checked;
    }
  };
  document.addEventListener("change", (event) => {
    if (event.target.matches?.("[data-select-all]")) {
      all("[data-select]").forEach((box) => { box.checked = event.target.checked; });
    }
    if (event.target.matches?.("[data-select-all], [data-select]")) count();
  });
  document.addEventListener("htmx:afterSettle", count);
  count();

  /* ---- desk: drawers stay as they were left ---- */
  for (const drawer of all("[data-remember]")) {
    const key = `noren.drawer.${drawer.dataset.remember}`;
    try {
      const kept = localStorage.getItem(key);
      if (kept) drawer.open = kept === "open";
      drawer.addEventListener("toggle", () => localStorage.setItem(key, drawer.open ? "open" : "closed"));
    } catch { /* storage is switched off: drawers start as the page says */ }
  }

  /* ---- desk: keys ---- */
  let at = -1;
  const go = (step) => {
    const rows = all("tr[data-row]");
    if (!rows.length) return;
    rows[at]?.classList.remove("is-at");
    at = Math.min(Math.max(at + step, 0), rows.length - 1);
    rows[at].classList.add("is-at");
    rows[at].scrollIntoView({ block: "nearest" });
  };
  const help = () => {
    const dialog = document.createElement("dialog");
    const title = document.createElement("h2");
    title.textContent = "キー操作";
    const list = document.createElement("dl");
    list.className = "keys";
    for (const [key, text] of [["/", "検索"], ["j  k", "次の行・前の行"], ["x", "行を選択"], ["Enter", "行を開く"], ["?", "この一覧"], ["Esc", "閉じる"]]) {
      const term = document.createElement("dt"), words = document.createElement("dd"), cap = document.createElement("kbd");
      cap.textContent = key;
      term.append(cap);
      words.textContent = text;
      list.append(term, words);
    }
    dialog.append(title, list);
    dialog.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  };
  document.querySelector("[data-help]")?.addEventListener("click", help);
  document.querySelector("[data-print]")?.addEventListener("click", () => window.print());
  document.addEventListener("keydown", (event) => {
    if (!document.body.classList.contains("desk") || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.matches?.("input:not([type=checkbox]), select, textarea") || document.querySelector("dialog[open]")) return;
    const row = all("tr[data-row]")[at];
    if (event.key === "/") {
      event.preventDefault();
      const search = document.querySelector("[data-search]"), drawer = search?.closest("details");
      if (drawer) drawer.open = true;
      search?.focus();
    }
    else if (event.key === "j") go(1);
    else if (event.key === "k") go(-1);
    else if (event.key === "x") row?.querySelector("[data-select]")?.click();
    else if (event.key === "Enter" && row?.dataset.href && event.target === document.body) location.assign(row.dataset.href);
    else if (event.key === "?") help();
  });
})();

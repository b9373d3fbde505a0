"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const table = document.getElementById("table");
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const detail = document.getElementById("detail");
  const search = document.getElementById("search");
  const arch = document.getElementById("arch");
  const only = document.getElementById("only");
  let selected = null;

  // Everything is made as text: a name from a tree is never markup.
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children.filter((child) => child !== null));
    return element;
  };

  const haystack = new Map(rows.map((row) => {
    const cap = data.capabilities[row.dataset.name];
    const places = [...Object.values(cap.architectures).flatMap((one) => [...one.answers, ...one.enables]), ...cap.vmm];
    return [row, [cap.name, cap.number, cap.alias, ...Object.keys(cap.architectures), ...cap.ioctls.map((one) => one.name), ...cap.msrs.map((one) => one.name),
      ...places.flatMap((one) => [one.place.function, one.place.path]), ...cap.findings.map((one) => one.code)]
      .filter((word) => word !== null).join(" ").toLowerCase()];
  }));

  // The words that hold, and the cells, are made by what --arch and --only of the command line are decided by.
  let unknown = [];
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const selection = data.selections[row.dataset.name];
      const [holding, uses, findings] = selection[arch.value] || selection[""];
      row.hidden = !(arch.value in selection && (!only.value || holding.split(" ").includes(only.value))
        && words.every((word) => haystack.get(row).includes(word)));
      if (!row.hidden) shown += 1;
      row.querySelectorAll(".uses").forEach((cell, column) => { cell.textContent = uses[column]; });
      const found = row.querySelector(".found");
      found.textContent = findings;
      found.className = `found f${"EWN".split("").find((letter) => findings.includes(letter)) || ""}`;
    }
    for (const cell of table.querySelectorAll("[data-arch]")) cell.hidden = Boolean(arch.value) && cell.dataset.arch !== arch.value;
    document.getElementById("count").textContent = [`${shown} of ${rows.length}`, ...unknown].join("; ");
  };

  const headers = [...table.tHead.rows[0].cells];
  const order = (header, down) => {
    for (const other of headers) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", down ? "descending" : "ascending");
    const text = (row) => row.cells[header.cellIndex].textContent.trim();
    const compare = (one, other) => {
      if (!text(one) !== !text(other)) return text(one) ? -1 : 1;
      return text(one).localeCompare(text(other), "en", { numeric: true }) * (down ? -1 : 1);
    };
    body.append(...[...rows].sort(compare));
  };

  // The address says what is open and selected: "#KVM_CAP_X&q=words&arch=x86&show=found&sort=-since".
  const fields = { q: search, arch, show: only };
  const sorted = () => {
    const header = headers.find((one) => one.hasAttribute("aria-sort"));
    const name = (header.getAttribute("aria-sort") === "descending" ? "-" : "") + header.textContent.trim();
    return name === headers[0].textContent.trim() ? "" : name;
  };
  const address = (anchor) => {
    const given = new URLSearchParams(Object.entries(fields).map(([name, field]) => [name, field.value]).concat([["sort", sorted()]])
      .filter(([, value]) => value));
    return `${location.pathname}${location.search}#${[encodeURIComponent(anchor), String(given)].filter(Boolean).join("&")}`;
  };
  const decoded = (text) => { try { return decodeURIComponent(text); } catch { return ""; } };
  const read = () => {
    const parts = location.hash.slice(1).split("&");
    const anchor = parts[0].includes("=") ? "" : decoded(parts.shift());
    return [anchor, new URLSearchParams(parts.join("&"))];
  };
  const apply = (given) => {
    unknown = [];
    for (const [name, field] of Object.entries(fields)) {
      const value = given.get(name) || "";
      field.value = value;
      if (field.value === value) continue;  // else a choice that this page does not have
      field.value = "";
      unknown.push(`${name}=${value} of the address is unknown here`);
    }
    const name = given.get("sort") || headers[0].textContent.trim();
    const header = headers.find((one) => one.textContent.trim() === name.replace(/^-/, ""));
    order(header || headers[0], Boolean(header) && name.startsWith("-"));
    filter();
  };
  let pending = 0;
  const write = () => { clearTimeout(pending); history.replaceState(null, "", address(read()[0])); };
  const keep = () => { clearTimeout(pending); pending = setTimeout(write, 200); };  // browsers refuse many changes at once
  const go = (anchor) => { write(); history.pushState(null, "", address(anchor)); follow(); };

  const source = (place) => {
    const lines = ((data.excerpts[place.tree] || {})[place.path] || {});
    const block = make("pre", { class: "source" });
    for (let number = place.line - 1; number <= place.line + 4; number++) {
      if (!(number in lines)) continue;
      block.append(make("span", number === place.line ? { class: "hit" } : {},
        make("span", { class: "no" }, `${String(number).padStart(5)}  `), lines[number]));
    }
    return block.childNodes.length ? block : null;
  };

  const entry = (title, place) => make("div", { class: "place" },
    make("p", {}, title, " ", make("code", { class: "dim" }, `${place.tree}:${place.path}:${place.line}`)), source(place));

  const condition = (text) => (text && text !== "1" ? ` if ${text}` : "");

  const kernelSide = (cap) => {
    const side = make("div", {}, make("h3", {}, "Kernel"));
    for (const one of cap.definitions.filter((one) => one.header !== "vmm")) {
      side.append(entry(`defined as ${one.number ?? "?"}${condition(one.condition)} (${one.header})`, one.place));
    }
    const seen = new Set();
    const once = (place, words, element) => {
      const key = `${place.tree}:${place.path}:${place.line}:${words}`;
      if (!seen.has(key)) { seen.add(key); side.append(element()); }
    };
    for (const [name, one] of Object.entries(cap.architectures)) {
      for (const row of one.answers) {
        once(row.place, "answer", () => entry(`answered by ${row.place.function}() on ${name}${condition(row.condition)}`
          + (row.answer ? `: ${row.answer}` : "") + (row.reads_vm ? "; reads the VM" : ""), row.place));
      }
      for (const row of one.enables) {
        const read = row.arguments.map((read) => `args[${read.position}]${read.mask ? ` (${read.mask})` : ""}`).join(", ");
        once(row.place, row.scope, () => entry(`enabled per ${row.scope} by ${row.place.function}()${condition(row.condition)}`
          + `; ${read || "no arguments"}${row.flags_checked === false ? "; flags are not checked" : ""}`, row.place));
      }
    }
    for (const one of cap.ioctls) side.append(entry(`announces ${one.name}${one.type ? ` (${one.type})` : ""}`, one.place));
    return side;
  };

  const vmmSide = (cap) => {
    const side = make("div", {}, make("h3", {}, "VMM"));
    const definitions = cap.definitions.filter((one) => one.header === "vmm");
    for (const one of definitions) side.append(entry(`defined as ${one.number ?? "?"}`, one.place));
    const verbs = { check: "asked", require: "required", enable: "enabled" };
    for (const one of cap.vmm) {
      const on = one.scope === "unknown" ? "" : ` on the ${one.scope}`;
      side.append(entry(`${verbs[one.verb]}${on}${one.arch ? `, ${one.arch}` : ""}`
        + (one.place.function ? ` in ${one.place.function}()` : "") + condition(one.condition), one.place));
    }
    if (!definitions.length && !cap.vmm.length) side.append(make("p", { class: "dim" }, "nothing in view"));
    return side;
  };

  const states = (cap) => {
    const list = make("table", {}, make("thead", {}, make("tr", {}, make("th", {}, "architecture"), make("th", {}, "advertised"), make("th", {}, "enabled per"))));
    const rows = make("tbody");
    for (const [name, one] of Object.entries(cap.architectures)) {
      const scopes = [...new Set(one.enables.map((row) => row.scope))].join(", ");
      rows.append(make("tr", {}, make("th", { scope: "row" }, name), make("td", {}, one.advertised || "no"), make("td", {}, scopes)));
    }
    list.append(rows);
    return rows.rows.length ? list : make("p", { class: "dim" }, "No architecture in view answers or enables it.");
  };

  const template = (kind, name) => [...document.querySelectorAll(`template[data-${kind}]`)].find((one) => one.dataset[kind] === name);

  // A picture that is not much too wide is drawn to fit; text smaller than `least` of its size is for an overview only.
  const least = 0.8;
  const zoomed = (picture) => {
    const drawing = picture.querySelector("svg");
    const [width, height] = ["width", "height"].map((side) => Number(drawing.getAttribute(side)));
    const fitting = () => Math.min(1, (picture.clientWidth - 2) / width);
    const percent = make("output", {});
    let scale = 1;
    const draw = (wanted) => {
      scale = Math.min(3, Math.max(0.1, wanted));
      drawing.setAttribute("width", width * scale);
      drawing.setAttribute("height", height * scale);
      percent.textContent = `${Math.round(scale * 100)} %`;
    };
    const button = (text, wanted) => {
      const made = make("button", { type: "button" }, text);
      made.addEventListener("click", () => draw(wanted()));
      return made;
    };
    drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const tools = make("div", { class: "zoom", role: "group", "aria-label": "size of the picture" },
      button("Smaller", () => scale / 1.25), button("Larger", () => scale * 1.25),
      button("Fit", fitting), button("Natural size", () => 1), percent);
    return [tools, () => draw(Math.max(least, fitting()))];
  };

  const paths = (cap) => {
    const drawing = template("drawing", cap.name);
    if (!drawing) return null;
    const broken = cap.paths.flatMap((one) => one.broken);
    const picture = make("div", { class: "picture", tabindex: "0", role: "region", "aria-label": "call path, scrolls" },
      drawing.content.querySelector("svg").cloneNode(true));
    const [tools, fit] = zoomed(picture);
    requestAnimationFrame(fit);
    return make("section", { id: "path" }, make("h3", {}, "Call path"), tools, picture,
      make("details", {}, make("summary", {}, "The path as text"), drawing.content.querySelector("pre").cloneNode(true)),
      broken.length ? make("ul", { class: "dim" }, ...[...new Set(broken)].map((reason) => make("li", {}, reason))) : null);
  };

  const findings = (cap) => {
    if (!cap.findings.length) return null;
    const part = make("section", {}, make("h3", {}, "Findings"));
    const explained = new Set();
    for (const one of cap.findings) {
      part.append(make("p", {}, make("span", { class: one.severity }, `${one.severity} ${one.code} `), make("i", {}, one.name),
        `${one.arch && one.arch !== "generic" ? ` on ${one.arch}` : ""}: ${one.message}`), entry("", one.place));
      const text = template("rule", one.code);
      if (text && !explained.has(one.code)) {
        explained.add(one.code);
        part.append(make("details", {}, make("summary", {}, `What ${one.code} is`), text.content.cloneNode(true)));
      }
    }
    return part;
  };

  const documentation = (cap) => {
    const part = make("section", {}, make("h3", {}, "Documentation and tests"));
    for (const one of cap.documentation) {
      const facts = [one.type && `type ${one.type}`, one.architectures && `architectures ${one.architectures}`,
        one.parameters && `parameters ${one.parameters}`].filter(Boolean).join("; ");
      part.append(entry(`${one.heading ? "section" : "mentioned in"} ${one.section || ""} ${one.title || ""}${one.heading && facts ? `: ${facts}` : ""}`, one.place));
    }
    if (!cap.documentation.length) part.append(make("p", { class: "dim" }, "nothing documents it"));
    for (const place of cap.selftests) part.append(entry("self-test", place));
    if (!cap.selftests.length) part.append(make("p", { class: "dim" }, "no self-test names it"));
    return part;
  };

  const timeline = (cap) => {
    if (!data.timelines) return null;
    const part = make("section", { id: "timeline" }, make("h3", {}, "History"));
    const tracks = Object.hasOwn(data.timelines, cap.name) ? data.timelines[cap.name] : [];
    for (const track of tracks) {
      part.append(make("h4", {}, track.tree), make("ol", { class: "timeline" }, ...track.events.map((event) => make("li", {},
        make("b", {}, event.release), ` ${event.place}${event.arch ? ` on ${event.arch}` : ""}: ${event.text}`,
        ...event.commits.map((commit) => make("div", { class: "dim mono" }, commit))))));
    }
    if (!tracks.length) part.append(make("p", { class: "dim" }, "the given history has no event of it"));
    return part;
  };

  const machines = (cap) => cap.machines.length ? make("section", {}, make("h3", {}, "Machines"), make("ul", {}, ...cap.machines.map((one) =>
    make("li", {}, `${one.machine} (${one.arch}, ${one.release}) answers ${one.system} on the system, ${one.vm ?? "nothing"} on a VM`
      + (one.difference ? `: ${one.difference}` : ""))))) : null;

  const msrs = (cap) => cap.msrs.length ? make("p", {}, "MSRs: ", cap.msrs.map((one) =>
    `${one.name}${one.number === null ? "" : ` 0x${one.number.toString(16)}`} (${one.evidence.join(", ")})`).join("; ")) : null;

  const select = (row, scroll) => {
    if (selected) selected.removeAttribute("aria-current");
    selected = row;
    row.setAttribute("aria-current", "true");
    if (scroll) row.scrollIntoView({ block: "nearest" });
  };

  const open = (name) => {
    const cap = data.capabilities[name];
    select(rows.find((one) => one.dataset.name === name), true);
    const close = make("button", { type: "button" }, "Close");
    close.addEventListener("click", () => go(""));
    detail.replaceChildren(
      make("div", { class: "top" }, make("h2", { class: "mono" }, cap.name), make("span", { class: "dim" }, `number ${cap.number ?? "?"}`), close),
      cap.alias ? make("p", {}, "another name of ", make("a", { href: `#${encodeURIComponent(cap.alias)}` }, cap.alias)) : "",
      ...[states(cap), msrs(cap), findings(cap), paths(cap),
        make("div", { class: "sides" }, kernelSide(cap), vmmSide(cap)), documentation(cap), timeline(cap), machines(cap)].filter(Boolean));
    detail.hidden = false;
    detail.scrollTop = 0;
    document.body.classList.add("detailed");
    document.title = `${cap.name}: KVM capabilities`;
    cover();
    detail.focus();
  };

  // On a narrow screen the opened capability covers everything else, which the keyboard is not to reach then.
  const narrow = matchMedia("(max-width: 50rem)");
  const cover = () => {
    for (const part of document.querySelectorAll(".skip, header, main > section")) part.inert = !detail.hidden && narrow.matches;
  };
  narrow.addEventListener("change", cover);

  const title = document.title;
  const close = () => {
    detail.hidden = true;
    document.body.classList.remove("detailed");
    document.title = title;
    cover();
    (selected && !selected.hidden ? selected.querySelector("a") : search).focus();
  };

  const follow = () => {
    const [anchor, given] = read();
    apply(given);
    if (Object.hasOwn(data.capabilities, anchor)) { open(anchor); return; }
    if (!detail.hidden) close();
    const section = ["matrix", "ledger", "summary"].includes(anchor) ? document.getElementById(anchor) : null;
    if (section) { section.scrollIntoView(); section.focus(); }
  };

  const step = (by) => {
    const shown = [...body.rows].filter((row) => !row.hidden);
    if (!shown.length) return;
    const at = shown.indexOf(selected);
    const next = shown[Math.min(shown.length - 1, Math.max(0, at < 0 ? 0 : at + by))];
    select(next, true);
    if (detail.hidden) next.querySelector("a").focus();  // Enter follows it
    else go(next.dataset.name);
  };

  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input, select, textarea");
    if (event.key === "Escape") {
      if (!detail.hidden) go("");
      else if (typing) event.target.blur();
    } else if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    else if (event.key === "/") { event.preventDefault(); search.focus(); }
    else if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
  });
  document.getElementById("filters").addEventListener("submit", (event) => event.preventDefault());
  for (const input of [search, arch, only]) input.addEventListener("input", () => { unknown = []; filter(); keep(); });
  for (const header of headers) {
    header.firstElementChild.addEventListener("click", () => { order(header, header.getAttribute("aria-sort") === "ascending"); keep(); });
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(decoded(link.getAttribute("href").slice(1)));
  });
  document.getElementById("theme").addEventListener("click", () => {
    const dark = getComputedStyle(document.documentElement).getPropertyValue("--ground").trim() === "#0d1117";
    document.documentElement.dataset.theme = dark ? "light" : "dark";
  });
  document.getElementById("copy").addEventListener("click", async () => {
    const mail = document.getElementById("mail");
    const said = document.getElementById("copied");
    try { await navigator.clipboard.writeText(mail.textContent); said.textContent = "copied"; } catch {
      getSelection().selectAllChildren(mail);
      said.textContent = "selected: press Ctrl+C";
    }
  });
  window.addEventListener("popstate", follow);
  follow();
})();

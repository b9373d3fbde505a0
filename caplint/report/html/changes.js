"use strict";
(() => {
  const search = document.getElementById("search");
  const rows = [...document.querySelectorAll("tbody tr")];
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
    document.getElementById("count").textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length}`;
  };
  // The words stand in the address: "#q=x86".
  const follow = () => {
    const given = new URLSearchParams(location.hash.slice(1));
    if (given.has("q") || !location.hash) search.value = given.get("q") || "";
    filter();
  };
  let pending = 0;
  search.addEventListener("input", () => {
    filter();
    clearTimeout(pending);
    const words = search.value ? `#${new URLSearchParams({ q: search.value })}` : "";
    pending = setTimeout(() => history.replaceState(null, "", location.pathname + location.search + words), 200);
  });
  search.form.addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("popstate", follow);
  follow();
})();

"use strict";
// What scrolls sideways is reached by the keyboard.
const reach = () => {
  for (const part of document.querySelectorAll("pre, .table-wrapper")) {
    if (part.scrollWidth > part.clientWidth) part.setAttribute("tabindex", "0");
    else part.removeAttribute("tabindex");
  }
};
addEventListener("load", reach);
addEventListener("resize", reach);
// The theme gives captions the role of a heading without its level.
for (const caption of document.querySelectorAll(".caption[role=heading]:not([aria-level])")) caption.setAttribute("aria-level", "2");

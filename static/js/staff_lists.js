// On a narrow screen a list begins with its rows: the filters above them are one line until opened.
"use strict";
{
  const filters = document.getElementById("all-filters");
  if (filters && window.matchMedia("(max-width: 1023px)").matches) {
    filters.open = false;
  }
}

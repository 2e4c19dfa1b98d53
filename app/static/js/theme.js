// Before the first paint: the theme the system asks for, unless one was chosen.
(function () {
  var root = document.documentElement;
  if (root.dataset.themeChoice === "auto" && window.matchMedia("(prefers-color-scheme: dark)").matches) root.dataset.bsTheme = "dark";
})();

// The import page beyond its HTML: files dropped, a login that ran out noticed before they are sent, progress, records looked for.
(function () {
  "use strict";
  function all(selector, root) { return Array.prototype.slice.call((root || document).querySelectorAll(selector)); }
  function one(selector, root) { return (root || document).querySelector(selector); }
  function ask(url) { return fetch(url, { credentials: "same-origin", headers: { Accept: "application/json", "X-Requested-With": "XMLHttpRequest" } }); }

  // -- files ------------------------------------------------------------------------------------------------------------
  all("form[data-upload]").forEach(function (form) {
    var box = one("[data-drop]", form), input = one("input[type=file]", form), list = one("[data-chosen]", form), said = one("[data-said]", form), over = 0;
    function tell(text) { said.textContent = text; said.className = text ? "mb-0 im-said" : "mb-0"; }
    function size(bytes) { return bytes < 1048576 ? Math.max(1, Math.round(bytes / 1024)) + " KB" : (bytes / 1048576).toFixed(1) + " MB"; }
    function show() {
      list.textContent = "";
      var files = Array.prototype.slice.call(input.files), whole = 0;
      files.forEach(function (file, at) {
        whole += file.size;
        if (at >= 10 || files.length === 1) return;
        var line = document.createElement("li"); line.textContent = file.name + "　" + size(file.size); list.appendChild(line);
      });
      if (files.length > 10) { var more = document.createElement("li"); more.textContent = "… " + files.length; list.appendChild(more); }
      tell(whole > form.dataset.most * 1048576 ? form.dataset.tooMuch.replace("{n}", form.dataset.most) : "");
      box.classList.toggle("full", files.length > 0);
      return whole <= form.dataset.most * 1048576;
    }
    input.addEventListener("change", show);
    if (input.files.length) show();
    ["dragenter", "dragover"].forEach(function (name) { box.addEventListener(name, function (event) { event.preventDefault(); if (name === "dragenter") over += 1; box.classList.add("over"); }); });
    box.addEventListener("dragleave", function () { over -= 1; if (over <= 0) { over = 0; box.classList.remove("over"); } });
    box.addEventListener("drop", function (event) {
      event.preventDefault(); over = 0; box.classList.remove("over");
      if (event.dataTransfer.files.length) { input.files = event.dataTransfer.files; show(); }
    });
    // A login that ran out is noticed before the files are sent: a browser does not keep them over another page.
    form.addEventListener("submit", function (event) {
      if (form.dataset.sure) { delete form.dataset.sure; tell(form.dataset.sending); return; }
      event.preventDefault(); event.stopPropagation();
      if (!input.files.length) { tell(form.dataset.noFile); input.focus(); return; }
      if (!show()) return;
      fetch(form.action, { credentials: "same-origin", redirect: "manual", headers: { Accept: "text/html" } }).then(function (answer) {
        if (answer.type === "opaqueredirect" || !answer.ok) { tell(form.dataset.login); return null; }
        return answer.text().then(function (html) {
          var fresh = new DOMParser().parseFromString(html, "text/html").querySelector('meta[name="csrf-token"]');
          if (fresh) one('[name="csrf_token"]', form).value = fresh.content;
          form.dataset.sure = "1"; form.requestSubmit();
        });
      }).catch(function () { form.dataset.sure = "1"; form.requestSubmit(); });
    });
  });

  // -- progress ---------------------------------------------------------------------------------------------------------
  all("[data-progress]").forEach(function (box) {
    var words = one("[data-words]", box), left = one("[data-left]", box), bar = one("[data-bar]", box), failed = 0;
    function look() {
      ask(box.dataset.progress).then(function (answer) {
        if (!answer.ok) throw new Error(String(answer.status));
        return answer.json();
      }).then(function (found) {
        failed = 0;
        if (found.state !== box.dataset.state) { window.location.replace(window.location.pathname.replace(/answer$/, "")); return; }
        words.textContent = found.words; left.textContent = found.left;
        if (found.percent === null) bar.removeAttribute("value"); else { bar.max = 100; bar.value = found.percent; }
        setTimeout(look, 800);
      }).catch(function (error) {
        // A login that ran out shows its page; anything else is tried again, less and less often.
        if (error.message === "401" || error.message === "404") { window.location.reload(); return; }
        failed += 1;
        if (failed > 2) words.textContent = box.dataset.lost;
        setTimeout(look, Math.min(15000, 1000 * failed));
      });
    }
    setTimeout(look, 300);
  });
  var refresh = one("[data-refresh]");
  if (refresh) setTimeout(function () { window.location.reload(); }, refresh.dataset.refresh * 1000);

  // -- questions and choices ----------------------------------------------------------------------------------------------
  all("select[data-other]").forEach(function (select) {
    var box = one('[data-other-for="' + select.dataset.other + '"]');
    function show() { box.hidden = select.value !== "other"; }
    select.addEventListener("change", function () { show(); if (!box.hidden) { var inside = one("select", box); (inside.tomselect || inside).focus(); } });
    show();
  });
  all("form[data-at-once]").forEach(function (form) {
    all("[data-plain]", form).forEach(function (button) { button.hidden = true; });
    form.addEventListener("change", function () { form.requestSubmit(); });
  });
})();

// What the pages do beyond their HTML: pickers, dates, drafts, lists by keyboard, uploads. Everything works, plainer, without it.
(function () {
  "use strict";
  var words = JSON.parse(document.getElementById("words").textContent);
  var token = document.querySelector('meta[name="csrf-token"]').content;

  function all(selector, root) { return Array.prototype.slice.call((root || document).querySelectorAll(selector)); }
  function one(selector, root) { return (root || document).querySelector(selector); }
  function on(root, event, selector, run) {
    root.addEventListener(event, function (happened) {
      var target = happened.target.closest && happened.target.closest(selector);
      if (target && root.contains(target)) run(happened, target);
    });
  }
  function ask(url, options) {
    options = options || {};
    options.headers = Object.assign({ "X-CSRFToken": token, "X-Requested-With": "XMLHttpRequest", Accept: "application/json" }, options.headers || {});
    options.credentials = "same-origin";
    return fetch(url, options);
  }
  function say(text) {
    var line = document.createElement("div");
    line.className = "toast-line"; line.textContent = text; line.setAttribute("data-toast", "");
    document.getElementById("toasts").appendChild(line);
    setTimeout(function () { line.remove(); }, 8000);
  }

  // -- shell ------------------------------------------------------------------------------------------------------------
  var shell = document.getElementById("shell"), side = document.getElementById("side");
  on(document, "click", "[data-menu]", function () {
    if (window.innerWidth < 992) { side.classList.toggle("open"); if (side.classList.contains("open")) one("a", side).focus(); } else shell.classList.toggle("folded");
  });
  document.addEventListener("click", function (event) {
    if (side && side.classList.contains("open") && !side.contains(event.target) && !event.target.closest("[data-menu]")) side.classList.remove("open");
    all("details.menu[open]").forEach(function (menu) { if (!menu.contains(event.target)) menu.open = false; });
  });
  on(document, "click", "[data-open]", function (event, button) { document.getElementById(button.dataset.open).showModal(); });
  on(document, "click", "[data-close]", function (event, button) { button.closest("dialog").close(); });
  on(document, "click", "[data-close-toast]", function (event, button) { button.closest("[data-toast]").remove(); });
  all("[data-toast]").forEach(function (toast) {
    var rest = setInterval(function () { if (!toast.matches(":hover, :focus-within")) { toast.remove(); clearInterval(rest); } }, 12000);
  });
  var pending = null, confirmBox = document.getElementById("confirm");
  on(document, "submit", "form[data-confirm]", function (event, form) {
    if (form.dataset.sure) return;
    event.preventDefault();
    pending = form; document.getElementById("confirm-words").textContent = form.dataset.confirm; confirmBox.showModal();
  });
  on(document, "click", "[data-confirmed]", function () { confirmBox.close(); if (pending) { pending.dataset.sure = "1"; pending.requestSubmit(); } });
  document.addEventListener("submit", function (event) {
    if (event.defaultPrevented || event.target.method === "get") return;
    var button = event.submitter;
    setTimeout(function () { all("button", event.target).forEach(function (b) { b.disabled = true; }); if (button) button.setAttribute("aria-busy", "true"); }, 0);
  });
  window.addEventListener("pageshow", function () { all("button[disabled]").forEach(function (b) { if (b.form && !b.hasAttribute("data-needs") && !b.dataset.off) b.disabled = false; }); chosen(); });
  var first = one("[data-focus-first]"); if (first) first.focus();

  // -- pickers and dates --------------------------------------------------------------------------------------------------
  function picker(select) {
    if (!window.TomSelect || select.tomselect || select.closest("template")) return;
    named(select);
    var group = select.closest("form") || document;
    function narrowed() {
      var other = select.dataset.depends && group.querySelector('[name="' + select.dataset.depends + '"]');
      return other && other.value ? "&where_" + select.dataset.where + "=" + encodeURIComponent(other.value) : "";
    }
    var made = new window.TomSelect(select, {
      valueField: "id", labelField: "label", searchField: [], maxOptions: 50, preload: "focus", loadThrottle: 250, create: false,
      plugins: select.multiple ? ["remove_button"] : [], allowEmptyOption: false, placeholder: words.search,
      score: function () { return function () { return 1; }; },
      onType: function () { this.clearOptions(); },  // what was found for other words must not be there to be picked
      load: function (query, done) {
        ask(select.dataset.lookup + "?q=" + encodeURIComponent(query) + narrowed()).then(function (answer) { return answer.json(); }).then(function (found) { made.clearOptions(); done(found.items || []); }, function () { done(); });
      },
      render: {
        option: function (item, escape) { return "<div>" + escape(item.label || item.text || "") + (item.hint ? "<small>" + escape(item.hint) + "</small>" : "") + (item.recent ? '<small class="recent">' + words.recent + "</small>" : "") + "</div>"; },
        item: function (item, escape) { return "<div>" + escape(item.label || item.text || "") + "</div>"; },
        no_results: function () { return '<div class="no-results">' + words.nothing + "</div>"; }
      },
      onInitialize: function () { var input = this.control_input; if (select.getAttribute("aria-label")) input.setAttribute("aria-label", select.getAttribute("aria-label")); }
    });
    if (select.dataset.depends) {
      var other = group.querySelector('[name="' + select.dataset.depends + '"]');
      if (other) other.addEventListener("change", function () { made.clear(); made.clearOptions(); });
    }
  }
  function named(select) {
    var label = select.id && one('label[for="' + select.id + '"]');
    if (label && !select.getAttribute("aria-label")) select.setAttribute("aria-label", label.textContent.trim());
  }
  // A day as clerks type it. A bare 8.5 is left alone: it may be a number, and the server says so.
  function typedDay(text) {
    var now = new Date(), found = /^(\d{4})[-\/.\u5e74](\d{1,2})[-\/.\u6708](\d{1,2})\u65e5?$/.exec(text) || /^(\d{4})(\d{2})(\d{2})$/.exec(text);
    if (found) return [+found[1], +found[2], +found[3]];
    found = /^(\d{1,2})[-\/\u6708](\d{1,2})\u65e5?$/.exec(text) || /^(\d{2})(\d{2})$/.exec(text);
    return found ? [now.getFullYear(), +found[1], +found[2]] : null;
  }
  function iso(day) { return day[0] + "-" + ("0" + day[1]).slice(-2) + "-" + ("0" + day[2]).slice(-2); }
  // The calendar hangs on an input of its own: what is typed is never touched by it, readable or not.
  function days(input) {
    if (!window.flatpickr || input.dataset.ready || input.closest("template")) return;
    input.dataset.ready = "1";
    var moments = input.hasAttribute("data-datetime"), anchor = document.createElement("input");
    anchor.hidden = true; anchor.tabIndex = -1; anchor.setAttribute("aria-hidden", "true");
    input.parentNode.insertBefore(anchor, input.nextSibling);
    var calendar = window.flatpickr(anchor, {
      positionElement: input, clickOpens: false, disableMobile: true, enableTime: moments, time_24hr: true, dateFormat: moments ? "Y-m-d H:i" : "Y-m-d",
      locale: window.flatpickr.l10ns.zh && document.documentElement.lang !== "en" ? "zh" : "default",
      onChange: function (chosen, text) { input.value = text; input.dispatchEvent(new Event("input", { bubbles: true })); input.dispatchEvent(new Event("change", { bubbles: true })); }
    });
    input.addEventListener("click", function () {
      var day = typedDay(input.value.trim().split(" ")[0]), clock = /(\d{1,2}):(\d{2})/.exec(input.value);
      if (day) calendar.setDate(new Date(day[0], day[1] - 1, day[2], clock ? +clock[1] : 0, clock ? +clock[2] : 0), false); else calendar.clear(false);
      calendar.open(undefined, input);
    });
    input.addEventListener("keydown", function (event) { if (event.key === "Tab" || event.key === "Escape") calendar.close(); });
    input.addEventListener("blur", function () { var day = !moments && typedDay(input.value.trim()); if (day) input.value = iso(day); });
  }
  function dress(root) {
    all("select[data-lookup]", root).forEach(picker);
    all("input[data-date], input[data-datetime]", root).forEach(days);
    if (window.TomSelect) all("select[data-choices]", root).forEach(function (select) { if (select.tomselect || select.closest("template")) return; named(select); new window.TomSelect(select, { plugins: ["remove_button"], create: false }); });
    all("[data-files]", root).forEach(files);
  }

  // -- fields that are shown only when others say so ------------------------------------------------------------------------
  function holds(condition, form, prefix) {
    return Object.keys(condition).every(function (key) {
      var wanted = condition[key];
      if (key === "any") return wanted.some(function (part) { return holds(part, form, prefix); });
      if (key === "not") return !holds(wanted, form, prefix);
      var split = key.split("__"), control = form.querySelector('[name="' + prefix + split[0] + '"]:not([type=hidden])'), have = control ? control.value : "";
      if (typeof wanted === "boolean" && split[1] !== "empty") wanted = wanted ? "1" : "0";
      switch (split[1]) {
        case "in": return wanted.map(String).indexOf(have) >= 0;
        case "ne": return have !== String(wanted);
        case "empty": return (have === "") === Boolean(wanted);
        case undefined: return have === String(wanted);
        default: return true;
      }
    });
  }
  function reveal(form) {
    all("[data-shown-when]", form).forEach(function (item) {
      if (item.closest("template")) return;
      var name = item.dataset.field, prefix = (/^(h-\d+-|v-)/.exec(name) || [""])[0];
      item.hidden = !holds(JSON.parse(item.dataset.shownWhen), form, prefix) && !one(".bad", item);
    });
  }
  all("form[data-form]").forEach(function (form) { reveal(form); form.addEventListener("change", function () { reveal(form); }); });

  // -- drafts ---------------------------------------------------------------------------------------------------------------
  all("form[data-draft]").forEach(function (form) {
    var state = one("[data-draft-state]", form), dirty = false, failed = false, timer = null, leaving = false;
    function pairs() {
      var found = [];
      new FormData(form).forEach(function (value, name) { if (typeof value === "string" && ["csrf_token", "_key", "_version"].indexOf(name) < 0) found.push([name, value]); });
      return found;
    }
    function keep(alive) {
      if (!dirty) return;
      dirty = false;
      var body = new URLSearchParams(), version = one('[name="_version"]', form);
      body.set("path", form.dataset.draft); body.set("payload", JSON.stringify(pairs())); if (version) body.set("version", version.value);
      ask(form.dataset.draftUrl, { method: "POST", body: body, keepalive: alive && body.toString().length < 60000 }).then(function (answer) {
        failed = !answer.ok;
        var now = new Date();
        if (state) state.textContent = answer.ok ? words.drafted + " " + ("0" + now.getHours()).slice(-2) + ":" + ("0" + now.getMinutes()).slice(-2) : answer.status === 401 ? words.login : words.not_drafted;
      }, function () { failed = true; dirty = true; if (state) state.textContent = words.not_drafted; });
    }
    function touched() { dirty = true; clearTimeout(timer); timer = setTimeout(keep, 3000); }
    form.addEventListener("input", touched); form.addEventListener("change", touched);
    form.addEventListener("submit", function () { leaving = true; clearTimeout(timer); dirty = false; });
    document.addEventListener("visibilitychange", function () { if (document.visibilityState === "hidden") keep(true); });
    window.addEventListener("beforeunload", function (event) { if (failed && !leaving) event.preventDefault(); });
  });

  // -- repeated groups --------------------------------------------------------------------------------------------------------
  all("[data-repeat]").forEach(function (box) {
    var groups = one("[data-groups]", box), template = one("template", box), next = all("[data-group]", groups).length;
    function note() { var none = one("[data-none]", groups); if (none) none.hidden = all("[data-group]", groups).length > 0; }
    note();
    on(box, "click", "[data-add-group]", function () {
      var holder = document.createElement("div");
      holder.innerHTML = template.innerHTML.replace(/__n__/g, String(next)); next += 1;
      var group = holder.firstElementChild;
      groups.insertBefore(group, one("[data-none]", groups));
      dress(group); reveal(box.closest("form")); note();
      var control = one("select, input:not([type=hidden]), textarea", group); if (control) (control.tomselect || control).focus();
    });
    on(box, "click", "[data-drop-group]", function (event, button) { button.closest("[data-group]").remove(); note(); box.closest("form").dispatchEvent(new Event("input")); });
  });

  // -- uploads ----------------------------------------------------------------------------------------------------------------
  function smaller(file) {
    if (!/^image\/(jpeg|png|webp)$/.test(file.type) || !window.createImageBitmap) return Promise.resolve(file);
    return window.createImageBitmap(file).then(function (picture) {
      var share = Math.min(1, 1600 / Math.max(picture.width, picture.height));
      if (share === 1 && file.size < 2e6) return file;
      var canvas = document.createElement("canvas");
      canvas.width = Math.round(picture.width * share); canvas.height = Math.round(picture.height * share);
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      return new Promise(function (done) { canvas.toBlob(function (blob) { done(blob ? new File([blob], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" }) : file); }, "image/jpeg", 0.82); });
    }, function () { return file; });
  }
  function files(box) {
    if (box.dataset.ready || box.closest("template")) return;
    box.dataset.ready = "1";
    var input = one("[data-file-input]", box);
    input.addEventListener("change", function () {
      var room = +box.dataset.most - all(".file", box).length;
      if (input.files.length > room) { say(words.too_many.replace("{n}", box.dataset.most)); }
      Array.prototype.slice.call(input.files, 0, Math.max(0, room)).forEach(function (file) {
        var chip = document.createElement("span"); chip.className = "file"; chip.textContent = words.uploading + " " + file.name; box.insertBefore(chip, input);
        smaller(file).then(function (sent) {
          var body = new FormData(); body.append("file", sent, sent.name);
          return ask(box.dataset.url, { method: "POST", body: body });
        }).then(function (answer) { return answer.json().then(function (found) { if (!answer.ok) throw new Error(found.detail); return found; }); }).then(function (found) {
          chip.textContent = "";
          var hidden = document.createElement("input"); hidden.type = "hidden"; hidden.name = box.dataset.name; hidden.value = found.id;
          var name = document.createElement("span"); name.textContent = found.name;
          var drop = document.createElement("button"); drop.type = "button"; drop.className = "btn-close"; drop.setAttribute("data-drop-file", ""); drop.setAttribute("aria-label", words.remove + " " + found.name);
          chip.appendChild(hidden);
          if (found.kind === "image") { var picture = document.createElement("img"); picture.src = "/admin/files/" + found.id + "?thumb=1"; picture.alt = ""; chip.appendChild(picture); }
          chip.appendChild(name); chip.appendChild(drop); box.closest("form").dispatchEvent(new Event("input"));
        }).catch(function (error) { chip.remove(); say(file.name + "：" + (error.message || words.upload_failed)); });
      });
      input.value = "";
    });
  }
  on(document, "click", "[data-drop-file]", function (event, button) { var form = button.closest("form"); button.closest(".file").remove(); form.dispatchEvent(new Event("input")); });

  // -- lists ------------------------------------------------------------------------------------------------------------------
  function chosen() {
    all("form[data-bulk]").forEach(function (form) {
      var every = one("[data-every]:checked", form), ticked = all('input[name="id"]:checked', form);
      all("tr[data-row]", form).forEach(function (row) { var box = one('input[name="id"]', row); row.classList.toggle("sel", Boolean(box && box.checked)); });
      all("[data-needs]", form).forEach(function (button) { button.disabled = every ? button.hasAttribute("data-export-chosen") : !ticked.length; });
      var label = one("[data-selected]", form); if (label) label.textContent = every ? words.every : words.selected.replace("{n}", ticked.length);
    });
  }
  on(document, "change", "[data-all]", function (event, box) { all('input[name="id"]', box.form).forEach(function (other) { other.checked = box.checked; }); chosen(); });
  on(document, "change", 'form[data-bulk] input[name="id"]', function (event, box) { var every = one("[data-every]", box.form); if (every && !box.checked) every.checked = false; chosen(); });
  on(document, "change", "[data-every]", function (event, box) { all('input[name="id"], [data-all]', box.form).forEach(function (other) { other.checked = box.checked; }); chosen(); });
  var goingOn = one("form[data-go-on] [data-next]"); if (goingOn) setTimeout(function () { goingOn.form.requestSubmit(goingOn); }, 300);
  on(document, "click", "[data-export-chosen]", function (event, button) {
    var parameters = new URLSearchParams({ format: "xlsx" });
    all('input[name="id"]:checked', button.form).forEach(function (box) { parameters.append("_ids", box.value); });
    window.location = button.dataset.exportChosen + "?" + parameters;
  });
  on(document, "submit", "form[data-export]", function (event, form) {
    var encoding = event.submitter && event.submitter.dataset.encoding, purpose = one('[name="_purpose"]', form);
    if (purpose && !purpose.value) purpose.disabled = true;
    all('[name="encoding"]', form).forEach(function (old) { old.remove(); });
    if (encoding) { var hidden = document.createElement("input"); hidden.type = "hidden"; hidden.name = "encoding"; hidden.value = encoding; form.appendChild(hidden); }
    setTimeout(function () { if (purpose) purpose.disabled = false; }, 500);
  });
  on(document, "submit", "form[data-filter]", function (event, form) {
    var joined = one("[data-joined]", form);
    if (joined) joined.value = all("input[type=checkbox]:checked", form).map(function (box) { return box.value; }).join(",");
    all("input, select", form).forEach(function (control) { if (control.name && control.value === "") control.disabled = true; });
  });
  on(document, "click", "[data-exact]", function (event, button) {
    button.disabled = true;
    ask(button.dataset.exact).then(function (answer) { return answer.json(); }).then(function (found) { one("[data-count]").textContent = found.text; button.remove(); });
  });
  on(document, "click", "[data-dense] button", function (event, button) {
    event.preventDefault();
    var dense = button.value === "dense";
    document.getElementById("list").classList.toggle("dense", dense);
    ask(button.form.action, { method: "POST", body: new URLSearchParams({ density: button.value, quiet: "1" }) });
    button.value = dense ? "roomy" : "dense"; button.setAttribute("aria-pressed", String(dense));
  });
  document.addEventListener("toggle", function (event) {
    var checks = event.target.matches && event.target.matches("details.filter[open]") && one("[data-facet]", event.target);
    if (!checks || checks.dataset.ready) return;
    checks.dataset.ready = "1";
    ask(checks.dataset.facet).then(function (answer) { return answer.json(); }).then(function (found) {
      (found.items || []).forEach(function (item) { var place = all("[data-n]", checks).filter(function (small) { return small.dataset.n === item.value; })[0]; if (place && item.count !== null) place.textContent = item.count; });
    });
  }, true);
  var search = one("form[data-search] input[type=search]");
  if (search) {
    var waiting = null, asked = search.value;
    search.addEventListener("input", function (event) {
      clearTimeout(waiting);
      if (event.isComposing) return;
      waiting = setTimeout(function () { if (search.value.trim() !== asked.trim()) { window.sessionStorage.setItem("searching", window.location.pathname); search.form.requestSubmit(); } }, 500);
    });
    // She goes on typing where she was once the page has come back; the address says nothing of it.
    if (window.sessionStorage.getItem("searching") === window.location.pathname) { search.focus(); search.setSelectionRange(search.value.length, search.value.length); }
    window.sessionStorage.removeItem("searching");
  }
  on(document, "submit", "form[data-search]", function () { if (search && !search.value) search.disabled = true; });

  // -- a record ----------------------------------------------------------------------------------------------------------------
  all("[data-tabs]").forEach(function (box) {
    var panel = one("[role=tabpanel]", box), tabs = all("[role=tab]", box);
    function open(tab, focus) {
      tabs.forEach(function (other) { other.setAttribute("aria-selected", String(other === tab)); other.tabIndex = other === tab ? 0 : -1; });
      panel.setAttribute("aria-labelledby", tab.id); panel.textContent = words.loading;
      ask(tab.dataset.url, { headers: { Accept: "text/html" } }).then(function (answer) { return answer.text(); }).then(function (html) {
        panel.innerHTML = html;
        if (tab.dataset.add) { var link = document.createElement("a"); link.href = tab.dataset.add; link.className = "btn btn-sm m-2"; link.textContent = "+"; link.setAttribute("aria-label", tab.textContent.trim() + " +"); panel.appendChild(link); }
      });
      if (focus) tab.focus();
    }
    on(box, "click", "[role=tab]", function (event, tab) { open(tab); });
    on(box, "keydown", "[role=tab]", function (event, tab) {
      var step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step) { event.preventDefault(); open(tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length], true); }
    });
    if (tabs.length) open(tabs[0]);
  });
  on(document, "click", "[data-reveal]", function (event, button) {
    var purpose = window.prompt(button.dataset.ask);
    if (!purpose) return;
    var body = new URLSearchParams({ field: button.dataset.name, purpose: purpose });
    ask(button.dataset.reveal, { method: "POST", body: body }).then(function (answer) { return answer.json().then(function (found) {
      if (!answer.ok) { say(found.detail); return; }
      var place = one(".masked", button.parentNode); place.textContent = found.value; place.className = ""; button.remove();
    }); });
  });
  var chooser = one("[data-choose-field]");
  if (chooser) {
    var pick = function () { all("[data-fields] [data-for]").forEach(function (part) { part.hidden = part.dataset.for !== chooser.value; }); };
    chooser.addEventListener("change", pick); pick();
  }

  // -- paper -------------------------------------------------------------------------------------------------------------------
  // Rows are measured once and dealt out to sheets, each with the head, the foot and its number: browsers before 2024 cannot count pages.
  function sheets(paper) {
    var first = one(".leaf", paper), table = one("table", first), body = one("tbody", table), lines = all("tr", body), heads = all("thead th", table);
    heads.forEach(function (head) { head.style.width = head.getBoundingClientRect().width + "px"; });
    var room = parseFloat(getComputedStyle(first).minHeight) - one("header", first).offsetHeight - one("footer", first).offsetHeight - (heads.length ? one("thead", table).offsetHeight : 0) - 8;
    var heights = lines.map(function (line) { return line.getBoundingClientRect().height; }), left = 0, leaf = first, blank = first.cloneNode(true);
    one("tbody", blank).textContent = "";
    body.textContent = "";
    left = room;
    lines.forEach(function (line, at) {
      if (heights[at] > left && left < room) { leaf = blank.cloneNode(true); paper.appendChild(leaf); left = room; }
      one("tbody", leaf).appendChild(line); left -= heights[at];
    });
    var leaves = all(".leaf", paper);
    leaves.forEach(function (part, at) { one("[data-page-number]", part).textContent = paper.dataset.page.replace("{n}", at + 1).replace("{of}", leaves.length); });
  }
  all("[data-paper]").forEach(sheets);
  on(document, "click", "[data-print]", function () { window.print(); });

  // -- keys --------------------------------------------------------------------------------------------------------------------
  var rows = all("tr[data-row]"), at = -1;
  function step(by) {
    if (!rows.length) return;
    if (rows[at]) rows[at].classList.remove("at");
    at = Math.max(0, Math.min(rows.length - 1, at + by)); rows[at].classList.add("at");
    var link = one("a", rows[at]); if (link) link.focus({ preventScroll: true });
    rows[at].scrollIntoView({ block: "nearest" });
  }
  document.addEventListener("keydown", function (event) {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") { var save = one("[data-save]"); if (save) { event.preventDefault(); save.click(); } return; }
    if (event.key === "Escape") { var menu = one("details.menu[open]"); if (menu) { menu.open = false; one("summary", menu).focus(); return; } }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || one("dialog[open]")) return;
    var typing = event.target.matches("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
    if (typing) { if (event.key === "Escape") event.target.blur(); return; }
    if (event.key === "?") { document.getElementById("keys").showModal(); event.preventDefault(); return; }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") { if (rows.length) { event.preventDefault(); step(event.key === "ArrowDown" ? 1 : -1); } return; }
    if (event.key === " " && at >= 0 && !event.target.matches("button, summary, [type=checkbox]")) { var box = one('input[name="id"]', rows[at]); if (box) { event.preventDefault(); box.checked = !box.checked; chosen(); } return; }
    if (event.key === "Escape") { var back = one("[data-cancel]") || one(".crumb a"); if (back) window.location = back.href; return; }
    var target = one('[data-key="' + event.key + '"]');
    if (target) { event.preventDefault(); if (target.tagName === "INPUT") target.focus(); else target.click(); }
  });

  dress(document);
  chosen();
})();

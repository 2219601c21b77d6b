/* Filters, sorting and drill-down of the overview. Text reaches the page through textContent alone; the data's shape is
   _Page.data in overview_page.py. Written for browsers from Chromium 86 on. */
"use strict";
(function () {
  var D = JSON.parse(document.getElementById("data").textContent);
  var U = { name: 0, code: 1, standard: 2, counts: 3, ratio: 4, state: 5, step: 6, open: 7, items: 8, clauses: 9, report: 10, findings: 11 };
  var C = { unit: 0, code: 1, name: 2, status: 3, declared: 4, assessed: 5, lowest: 6, highest: 7, claimed: 8, listed: 9, standard: 10,
    file: 11, sheet: 12, clauses: 13, findings: 14 };
  var E = { clause: 0, points: 1, actual: 2, stated: 3, actualCell: 4, statedCell: 5, arithmetic: 6, evidence: 7 };
  var F = { severity: 0, rule: 1, clause: 2, message: 3, fix: 4, state: 5, cell: 6, open: 7, file: 8, sheet: 9 };
  var S = { id: 0, item: 1, name: 2, terms: 3, adds: 4, measured: 5 };
  var GREEN = 0, BELOW = 1, NOT_AGAIN = 4;
  var PAGE = 50;
  var $ = function (id) { return document.getElementById(id); };
  var all = function (selector, root) { return Array.prototype.slice.call((root || document).querySelectorAll(selector)); };

  function el(tag, options) {
    var node = document.createElement(tag), i, child;
    options = options || {};
    Object.keys(options).forEach(function (key) {
      if (key === "text") node.textContent = options.text;
      else if (key === "click") node.addEventListener("click", options.click);
      else node.setAttribute(key, options[key]);
    });
    for (i = 2; i < arguments.length; i += 1) {
      child = arguments[i];
      if (child !== null && child !== undefined) node.appendChild(typeof child === "string" ? document.createTextNode(child) : child);
    }
    return node;
  }
  function link(text, go) { return el("button", { type: "button", "class": "link", text: text, click: go }); }
  function clear(node) { while (node.firstChild) node.removeChild(node.firstChild); }
  function fold(text) { return (text.normalize ? text.normalize("NFKC") : text).toLowerCase(); }
  /* Hundredths rounded half up from whole numbers, as the program rounds. */
  function average(points, communities) {
    if (!communities) return "—";
    var scaled = Math.floor((points * 200 + communities) / (2 * communities));
    return Math.floor(scaled / 100) + "." + ("0" + scaled % 100).slice(-2);
  }

  var communities = D.communities;
  function unitName(number) { return number < D.units.length ? D.units[number][U.name] : D.others[number - D.units.length]; }
  function entries(c) { return c[C.clauses] || []; }
  function findings(c) { return c[C.findings] || []; }
  function openCount(c) { return findings(c).filter(function (f) { return f[F.open]; }).length; }
  function clauseOf(c, entry) { return D.standards[c[C.standard] || 0].clauses[entry[E.clause]]; }
  function scoreText(c) {
    if (c[C.assessed] !== null && c[C.assessed] !== undefined) return String(c[C.assessed]);
    var low = c[C.lowest], high = c[C.highest];
    if (low === null || low === undefined) return "—";
    return low === high ? String(low) : low + "～" + high;
  }
  function standing(c) {
    return c[C.status] === NOT_AGAIN ? "已列入" + c[C.listed] + "年名单" : D.statuses[c[C.status]];
  }
  function counts(c) { return Boolean(c[C.listed]) || c[C.status] === GREEN; }
  function unresolved(entry) { return entry[E.points] === null || entry[E.points] === undefined; }
  /* What an item took or gave: never more than its points (D-05), and nothing while a clause of it is unresolved. */
  function lostIn(c, item) {
    var found = entries(c).filter(function (entry) { return clauseOf(c, entry)[S.item] === item; });
    var sum = found.some(unresolved) ? 0 : found.reduce(function (total, entry) { return total + entry[E.points]; }, 0);
    return found.length ? { entries: found, points: Math.min(sum, itemOf(c[C.standard] || 0, item)[2]) } : null;
  }
  function itemOf(standard, item) {
    return D.standards[standard].items.filter(function (each) { return each[0] === item; })[0];
  }
  /* Points lost by the items that are decided and do not only add, as the reports count them. */
  function lost(c) {
    var items = {};
    entries(c).forEach(function (entry) { items[clauseOf(c, entry)[S.item]] = true; });
    return Object.keys(items).reduce(function (sum, item) {
      return sum + (itemOf(c[C.standard] || 0, Number(item))[3] ? 0 : lostIn(c, Number(item)).points);
    }, 0);
  }
  /* On an earlier list, below the mark this year (D-11). */
  function recheckFailed(c) { return Boolean(c[C.listed]) && c[C.status] === BELOW; }
  function badge(c) {
    var mark = el("span", { "class": "status s-" + c[C.status], text: standing(c) });
    return recheckFailed(c) ? el("span", {}, mark, " ", el("span", { "class": "again", text: "复核不达标" })) : mark;
  }
  var searchable = communities.map(function () { return null; });
  function textOf(number) {
    if (searchable[number] === null) {
      var c = communities[number];
      searchable[number] = fold([unitName(c[C.unit]), c[C.code], c[C.name], c[C.sheet] || "", D.files[c[C.file]] || ""]
        .concat(entries(c).map(function (entry) { return clauseOf(c, entry)[S.name]; }))
        .concat(findings(c).map(function (f) { return f[F.rule] + " " + f[F.message]; })).join("\n"));
    }
    return searchable[number];
  }

  /* --- list ------------------------------------------------------------------------------------------------------- */

  var band = null, order = { column: null, down: false }, page = 0, shown = [];
  var form = $("filters"), body = $("communities").tBodies[0];

  (function fillUnits() {
    var some = {};
    communities.forEach(function (c) { some[c[C.unit]] = true; });
    Object.keys(some).map(Number).sort(function (a, b) { return a - b; }).forEach(function (number) {
      $("f-unit").appendChild(el("option", { value: String(number), text: unitName(number) }));
    });
  }());

  /* Kinds of communities: a standing's number, or a letter; the same for the filter and for the lists of units. */
  function isOf(c, kind) {
    if (kind === "a") return true;
    if (kind === "c") return counts(c);
    if (kind === "d") return !counts(c);
    if (kind === "n") return c[C.status] === GREEN && !c[C.listed];
    if (kind === "l") return Boolean(c[C.listed]);
    if (kind === "x") return recheckFailed(c);
    if (kind === "o") return openCount(c) > 0;
    return c[C.status] === Number(kind);
  }
  var clauseIds = {};
  D.standards.forEach(function (standard) { standard.clauses.forEach(function (clause) { clauseIds[clause[S.id]] = true; }); });
  function matches(number) {
    var c = communities[number], unit = $("f-unit").value, status = $("f-status").value, clause = $("f-clause").value;
    if (unit !== "" && c[C.unit] !== Number(unit)) return false;
    if (status !== "" && !isOf(c, status)) return false;
    if (clause && !entries(c).some(function (entry) {
      var of = clauseOf(c, entry);
      return clause.charAt(0) === "i" ? String(of[S.item]) === clause.slice(1) : of[S.id] === clause.slice(1);
    })) return false;
    if (band && (c[C.standard] || c[C.assessed] === null || c[C.assessed] === undefined || c[C.assessed] < band[0] || c[C.assessed] > band[1])) return false;
    var words = fold($("f-text").value).split(/\s+/).filter(Boolean);
    return words.every(function (word) {
      /* A clause's id is that clause: 6.2 is not 16.2. */
      if (clauseIds[word]) return entries(c).some(function (entry) { return clauseOf(c, entry)[S.id] === word; });
      return textOf(number).indexOf(word) >= 0;
    });
  }
  var KEYS = [
    function (c) { return c[C.unit]; },
    function (c) { return c[C.name]; },
    function (c) { return c[C.status]; },
    function (c) { return c[C.declared]; },
    function (c) { return c[C.assessed] !== null && c[C.assessed] !== undefined ? c[C.assessed] : c[C.lowest]; },
    function (c) { return entries(c).length || c[C.sheet] ? lost(c) : null; },
    openCount
  ];
  /* Equal ones keep the order of the roster; what has no value comes last either way. */
  function sorted(numbers, key, down) {
    return numbers.map(function (number) { return [key(number), number]; }).sort(function (a, b) {
      var x = a[0], y = b[0], none = function (v) { return v === null || v === undefined; };
      if (none(x) || none(y)) return none(x) - none(y) || a[1] - b[1];
      var by = typeof x === "string" ? x.localeCompare(y, "zh") : x - y;
      return (down ? -by : by) || a[1] - b[1];
    }).map(function (pair) { return pair[1]; });
  }
  function row(number) {
    var c = communities[number], open = openCount(c);
    var declared = c[C.declared] === null || c[C.declared] === undefined ? "—" : String(c[C.declared]);
    return el("tr", {},
      el("td", { text: unitName(c[C.unit]) }),
      el("th", { scope: "row" }, link(c[C.name], function () { showCommunity(number); })),
      el("td", {}, badge(c)),
      el("td", { "class": "n minor", text: declared }),
      el("td", { "class": "n", text: scoreText(c) }),
      el("td", { "class": "n minor", text: c[C.sheet] ? String(lost(c)) : "—" }),
      el("td", { "class": "n minor", text: open ? String(open) : "" }));
  }
  function draw(everything) {
    var pages = Math.max(1, Math.ceil(shown.length / PAGE)), part = document.createDocumentFragment();
    page = Math.min(Math.max(page, 0), pages - 1);
    (everything ? shown.slice(0, 2000) : shown.slice(page * PAGE, (page + 1) * PAGE)).forEach(function (number) { part.appendChild(row(number)); });
    clear(body);
    body.appendChild(part);
    $("where").textContent = "第" + (page + 1) + "页，共" + pages + "页";
    $("back").disabled = page === 0;
    $("next").disabled = page >= pages - 1;
  }
  function refresh() {
    var numbers = [], number;
    for (number = 0; number < communities.length; number += 1) if (matches(number)) numbers.push(number);
    shown = order.column === null ? numbers
      : sorted(numbers, function (n) { return KEYS[order.column](communities[n]); }, order.down);
    page = 0;
    $("found").textContent = "共" + shown.length + "个社区" + (band ? "（核定得分" + band[0] + "～" + band[1] + "分）" : "");
    draw(false);
  }
  function only(changes) {
    form.reset();
    band = changes.band || null;
    Object.keys(changes).forEach(function (key) { if (key !== "band") $("f-" + key).value = changes[key]; });
    /* Who is short of the target: those nearest to the mark first. */
    if (changes.status === "d") order = { column: 4, down: true };
    all("th[aria-sort]", $("communities")).forEach(function (head) { head.removeAttribute("aria-sort"); });
    if (order.column !== null) $("communities").querySelector('th[data-sort="' + order.column + '"]').setAttribute("aria-sort", order.down ? "descending" : "ascending");
    refresh();
    $("list").scrollIntoView();
    $("list-title").setAttribute("tabindex", "-1");
    $("list-title").focus({ preventScroll: true });
  }
  ["f-unit", "f-status", "f-clause"].forEach(function (id) { $(id).addEventListener("change", refresh); });
  var waiting = null;
  $("f-text").addEventListener("input", function () { clearTimeout(waiting); waiting = setTimeout(refresh, 120); });
  form.addEventListener("submit", function (event) { event.preventDefault(); refresh(); });
  form.addEventListener("reset", function () {
    band = null;
    document.body.classList.remove("with-list");
    setTimeout(refresh, 0);
  });
  $("f-print").addEventListener("change", function () { document.body.classList.toggle("with-list", $("f-print").checked); });
  window.addEventListener("beforeprint", function () { if ($("f-print").checked) draw(true); });
  window.addEventListener("afterprint", function () { draw(false); });
  $("back").addEventListener("click", function () { page -= 1; draw(false); });
  $("next").addEventListener("click", function () { page += 1; draw(false); });

  /* --- sorting ---------------------------------------------------------------------------------------------------- */

  function sortable(table, sort) {
    all("th[data-sort]", table).forEach(function (head) {
      var text = head.textContent;
      clear(head);
      head.appendChild(el("span", { "class": "paper", text: text }));
      head.appendChild(el("button", { type: "button", "class": "sort", text: text, click: function () {
        var down = head.getAttribute("aria-sort") === "ascending";
        all("th[data-sort]", table).forEach(function (other) { other.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        sort(head.getAttribute("data-sort"), down);
      } }));
    });
  }
  function arrange(table, key, down) {
    var rows = {}, numbers = [], inside = table.tBodies[0];
    all("tr", inside).forEach(function (tr) { rows[tr.getAttribute("data-u")] = tr; numbers.push(Number(tr.getAttribute("data-u"))); });
    numbers.sort(function (a, b) { return a - b; });
    (key ? sorted(numbers, key, down) : numbers).forEach(function (number) { inside.appendChild(rows[number]); });
  }
  sortable($("communities"), function (column, down) { order = { column: Number(column), down: down }; refresh(); });
  sortable($("unit-table"), function (column, down) {
    var place = { urban: 0, listed: 1, green: 2, combined: 3 };
    D.statuses.forEach(function (word, number) { place["s" + number] = 4 + number; });
    arrange($("unit-table"), function (number) {
      var of = D.units[number];
      if (column === "name") return of[U.name];
      if (column === "ratio") return of[U.counts][0] ? of[U.counts][3] / of[U.counts][0] : null;
      return of[U.counts][place[column]];
    }, down);
  });

  /* --- heat map --------------------------------------------------------------------------------------------------- */

  var heat = $("heat");
  /* Item of a column and its tally in a unit, by the unit's own standard. */
  var columns = all("thead button[data-item] .no", heat).map(function (node) { return Number(node.textContent); });
  function tally(unit, item) {
    var items = D.standards[D.units[unit][U.standard]].items, place;
    for (place = 0; place < items.length; place += 1) if (items[place][0] === item) return D.units[unit][U.items][place];
    return null;
  }
  $("heat-sort").addEventListener("change", function () {
    var column = $("heat-sort").value;
    arrange(heat, column === "" ? null : function (number) {
      var of = tally(number, columns[Number(column)]);
      return of && of[0] ? of[2] / of[0] : null;
    }, true);
    cells();
  });
  /* One stop of the Tab key for the whole map; arrow keys go from cell to cell. */
  function cells() {
    var grid = all("tr", heat).map(function (tr) { return all("button", tr); });
    grid.forEach(function (line, y) { line.forEach(function (button, x) { button.tabIndex = y === 1 && x === 0 ? 0 : -1; }); });
  }
  heat.addEventListener("keydown", function (event) {
    var step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!step || event.target.tagName !== "BUTTON") return;
    var grid = all("tr", heat).map(function (tr) { return [].slice.call(tr.children).map(function (cell) { return cell.querySelector("button"); }); });
    var y = grid.findIndex(function (line) { return line.indexOf(event.target) >= 0; }), x = grid[y].indexOf(event.target);
    var to = grid[y + step[0]] && grid[y + step[0]][x + step[1]];
    if (to) { event.target.tabIndex = -1; to.tabIndex = 0; to.focus(); event.preventDefault(); }
  });
  cells();

  /* --- details ---------------------------------------------------------------------------------------------------- */

  var detail = $("detail"), trail = [], opener = null;
  /* Each view is a step of the browser's history, so that its Back leads to the view before and at last to the page. */
  var pushed = 0, travelling = false;
  function follow() {
    if (travelling) return;
    try {
      if (pushed > trail.length) {
        travelling = true;
        history.go(trail.length - pushed);
      } else while (pushed < trail.length) {
        /* The page stays where a list was opened from. */
        if (!pushed) history.scrollRestoration = "manual";
        history.pushState({ depth: pushed + 1 }, "");
        pushed += 1;
      }
    } catch (refused) { travelling = false; pushed = trail.length; }
  }
  window.addEventListener("popstate", function (event) {
    pushed = event.state && event.state.depth || 0;
    if (travelling) {
      travelling = false;
      follow();
    } else if (pushed < trail.length) {
      trail.length = pushed;
      if (pushed) show(); else close();
    }
    if (!pushed) setTimeout(function () { if (!pushed) history.scrollRestoration = "auto"; }, 0);
  });
  function open(view) {
    if (!detail.open) {
      trail = [];
      opener = document.activeElement;
      if (detail.showModal) detail.showModal(); else detail.setAttribute("open", "");
    }
    trail.push(view);
    follow();
    show();
  }
  function show() {
    clear($("detail-body"));
    $("detail-back").hidden = trail.length < 2;
    trail[trail.length - 1]();
    detail.scrollTop = 0;
    $("detail-title").focus({ preventScroll: true });
  }
  function close() { if (detail.close) detail.close(); else { detail.removeAttribute("open"); closed(); } }
  function closed() {
    if (detail.open) return;
    trail = [];
    follow();
    if (opener && document.contains(opener)) opener.focus({ preventScroll: true });
    opener = null;
  }
  detail.addEventListener("close", closed);
  $("detail-close").addEventListener("click", close);
  $("detail-back").addEventListener("click", function () { trail.pop(); follow(); show(); });
  document.addEventListener("keydown", function (event) { if (event.key === "Escape" && !detail.showModal && trail.length) close(); });

  function title(text) { $("detail-title").textContent = text; }
  function put() { for (var i = 0; i < arguments.length; i += 1) $("detail-body").appendChild(arguments[i]); }
  function facts(pairs) {
    var list = el("dl", { "class": "facts" });
    pairs.forEach(function (pair) {
      if (pair[1] === "" || pair[1] === null || pair[1] === undefined) return;
      list.appendChild(el("dt", { text: pair[0] }));
      list.appendChild(el("dd", {}, pair[1]));
    });
    return list;
  }
  function tableOf(kind, heads, rows) {
    var line = el("tr", {}), inside = el("tbody", {});
    heads.forEach(function (head) { line.appendChild(el("th", { scope: "col", text: head })); });
    rows.forEach(function (cellsOfRow) {
      var tr = el("tr", {});
      cellsOfRow.forEach(function (cell, place) {
        var td = el("td", { "data-label": heads[place] });
        if (typeof cell === "number") cell = String(cell);
        if (typeof cell === "string" && /^[0-9.～]+$/.test(cell)) td.className = "n";
        td.appendChild(typeof cell === "string" ? document.createTextNode(cell) : cell);
        tr.appendChild(td);
      });
      inside.appendChild(tr);
    });
    return el("div", { "class": "scroll" }, el("table", { "class": kind }, el("thead", {}, line), inside));
  }
  function findingList(list, c) {
    var node = el("ol", { "class": "findings" });
    list.forEach(function (f) {
      var same = f[F.file] === -2, file = same ? D.files[c[C.file]] : D.files[f[F.file]], sheet = same ? c[C.sheet] : f[F.sheet];
      var where = [file, sheet, f[F.cell]].filter(Boolean).join(" › ");
      node.appendChild(el("li", {},
        el("b", { text: D.severities[f[F.severity]] + "（" + f[F.state] + "）" }), " " + f[F.message],
        f[F.fix] ? el("div", { text: "怎样修改：" + f[F.fix] }) : null,
        el("div", { "class": "fine", text: "编号" + f[F.rule] + (f[F.clause] ? "，条款" + f[F.clause] : "") + (where ? "，" + where : "") })));
    });
    return node;
  }
  function cell(address) { return address ? el("span", { "class": "cell", text: address }) : "—"; }
  function typed(text) { return text === undefined || text === "" ? "（空白）" : text; }

  function showCommunity(number) { open(function () {
    var c = communities[number], standard = D.standards[c[C.standard] || 0], unit = c[C.unit];
    title(c[C.name]);
    put(facts([
      ["单位", unit < D.units.length ? link(unitName(unit), function () { showUnit(unit); }) : unitName(unit)],
      ["社区代码", c[C.code]],
      ["结论", badge(c)],
      ["核定得分", scoreText(c) + "（" + standard.mark + "分以上为达标，含" + standard.mark + "分）"],
      ["申报得分", c[C.declared] === null || c[C.declared] === undefined ? "—" : String(c[C.declared])],
      ["自报达标", c[C.sheet] ? (c[C.claimed] === 1 ? "是" : c[C.claimed] === 0 ? "否" : "未填") : ""],
      ["往年名单", c[C.listed] ? "已列入" + c[C.listed] + "年名单" : ""],
      ["标准", c[C.standard] ? standard.title + "（" + standard.id + "）" : ""],
      ["文件", D.files[c[C.file]] || ""],
      ["工作表", c[C.sheet] || ""]
    ]));
    if (entries(c).length) {
      put(el("h3", { text: "扣分、加分和待核实的条款" }));
      put(tableOf("source", ["条款", "结果", "怎样得出", "实际值单元格", "实际值", "扣分单元格", "扣分", "说明及佐证材料"], entries(c).map(function (entry) {
        var of = clauseOf(c, entry), points = entry[E.points];
        return [of[S.id] + " " + of[S.name],
          unresolved(entry) ? "待核实" : (of[S.adds] ? "加" : "扣") + points + "分",
          entry[E.arithmetic] || "", of[S.measured] ? cell(entry[E.actualCell]) : "—", of[S.measured] ? typed(entry[E.actual]) : "—", cell(entry[E.statedCell]), typed(entry[E.stated]), entry[E.evidence] || "—"];
      })));
      put(el("p", { "class": "fine", text: "其余条款没有扣分。单元格在上面的文件和工作表中。" }));
    } else if (c[C.sheet]) {
      put(el("p", { text: c[C.assessed] === null || c[C.assessed] === undefined ? "没有逐条结果，原因见下面的问题。" : "所有条款都没有扣分。" }));
    } else put(el("p", { text: c[C.listed] ? "已在往年名单上，本年没有填报。" : "没有收到这个社区的填报表。" }));
    put(el("h3", { text: "问题（" + findings(c).length + "处）" }));
    put(findings(c).length ? findingList(findings(c), c) : el("p", { text: "没有发现问题。" }));
  }); }

  function members(numbers, extra, head) {
    return tableOf("inner", ["社区", "结论", "核定得分", head], numbers.map(function (number) {
      var c = communities[number];
      return [link(c[C.name], function () { showCommunity(number); }), badge(c), scoreText(c), extra(c, number)];
    }));
  }
  function ofUnit(unit) {
    return communities.map(function (c, number) { return number; }).filter(function (number) { return communities[number][C.unit] === unit; });
  }
  function listNote() { return D.leftOut ? el("p", { "class": "fine", text: "本页只列需要关注的社区，其余见工作簿。" }) : el("span", {}); }

  function showUnit(unit) { open(function () {
    var of = D.units[unit], k = of[U.counts], standard = D.standards[of[U.standard]], numbers = ofUnit(unit);
    var failing = numbers.filter(function (number) { return recheckFailed(communities[number]); }).length;
    function go(text, kind) { return link(text, function () { showList(unit, kind); }); }
    title(of[U.name]);
    put(facts([
      ["报送", of[U.state]],
      ["下一步", of[U.step]],
      ["城市社区", go(k[0] + "个", "a")],
      ["计入达标", el("span", {}, go(k[3] + "个", "c"), "（", go(of[U.ratio], "r"), "）",
        k[1] ? el("span", {}, "：往年名单", go(k[1] + "个", "l"), "，本年新达标", go(k[2] + "个", "n")) : null)],
      ["本年结论", D.statuses.reduce(function (node, word, place) {
        node.appendChild(el("span", {}, (place ? "，" : "") + word, go(k[4 + place] + "个", String(place))));
        return node;
      }, el("span", {}))],
      ["复核不达标", failing ? go(failing + "个", "x") : ""],
      ["未办结问题", el("span", {}, "退回", go(of[U.open][0] + "处", "f0"), "，需核实", go(of[U.open][1] + "处", "f1"))],
      ["标准", of[U.standard] ? "本单位自定：" + standard.title + "（" + standard.id + "），达标线" + standard.mark + "分" : ""],
      ["差异报告", of[U.report] ? el("a", { href: of[U.report], text: decodeURIComponent(of[U.report]) }) : ""]
    ]));
    var dear = standard.clauses.map(function (clause, place) { return [clause, of[U.clauses][place]]; })
      .filter(function (pair) { return pair[1][2] && !pair[0][S.adds]; })
      .sort(function (a, b) { return b[1][2] - a[1][2]; }).slice(0, 8);
    if (dear.length) {
      put(el("h3", { text: "失分最多的条款" }));
      put(tableOf("inner", ["条款", "失分的社区", "共失分", "平均"], dear.map(function (pair) {
        var id = pair[0][S.id];
        return [id + " " + pair[0][S.name], go(String(pair[1][1]), "k" + id), go(String(pair[1][2]), "k" + id), average(pair[1][2], pair[1][0])];
      })));
    }
    var about = of[U.findings];
    if (about.length) put(el("h3", { text: "不属于某个社区的问题（" + about.length + "处）" }), findingList(about, null));
    put(el("h3", { text: "社区（" + numbers.length + "个）" }), listNote());
    put(members(numbers, function (c) { var n = openCount(c); return n ? n + "处" : ""; }, "未办结问题"));
    put(el("p", {}, link("在社区名单中筛选本单位", function () { opener = null; close(); only({ unit: String(unit) }); })));
  }); }

  function clauseRows(standard, item, tallies, unit) {
    return standard.clauses.map(function (clause, place) { return [clause, place]; }).filter(function (pair) { return pair[0][S.item] === item; })
      .map(function (pair) {
        var t = tallies[pair[1]], id = pair[0][S.id];
        function go(value, kind) { return link(String(value), function () { showList(unit, kind + id); }); }
        return [id + " " + pair[0][S.name], pair[0][S.terms], go(t[1], "k"), go(t[2], "k"), average(t[2], t[0]), go(t[3], "p")];
      });
  }
  var CLAUSE_HEADS = ["条款", "办法", "失（加）分的社区", "共失（加）分", "平均", "待核实"];

  /* The communities, or the findings, that a figure counts: of a unit, or (null) of all that are scored by the prefecture's standard.
     Kinds are those of isOf; r: who counts and who does not; f0, f1: open findings by severity; k, p: who loses points by, or is
     undecided in, the clause that follows. */
  var KINDS = { a: "城市社区", c: "计入达标", d: "没有计入达标", n: "本年新达标", l: "往年名单", x: "复核不达标" };
  function showList(unit, kind) { open(function () {
    var numbers = communities.map(function (c, number) { return number; }).filter(function (number) {
      return unit === null ? !communities[number][C.standard] : communities[number][C.unit] === unit;
    });
    var where = unit === null ? "" : unitName(unit) + "：", first = kind.charAt(0), id = kind.slice(1);
    function plain(kindOf) {
      var found = numbers.filter(function (number) { return isOf(communities[number], kindOf); });
      return members(found, function (c) { var n = openCount(c); return n ? n + "处" : ""; }, "未办结问题");
    }
    function many(kindOf) { return numbers.filter(function (number) { return isOf(communities[number], kindOf); }).length; }
    if (first === "f") {
      var list = [], add = function (f, c) { if (f[F.open] && f[F.severity] === Number(id)) list.push([f, c]); };
      D.units[unit][U.findings].forEach(function (f) { add(f, null); });
      numbers.forEach(function (number) { findings(communities[number]).forEach(function (f) { add(f, number); }); });
      title(where + "未办结的“" + D.severities[Number(id)] + "”问题（" + list.length + "处）");
      put(listNote());
      if (!list.length) put(el("p", { text: "没有。" }));
      list.forEach(function (pair) {
        var number = pair[1];
        put(el("div", {}, number === null ? el("b", { text: "不属于某个社区" }) : link(communities[number][C.name], function () { showCommunity(number); }),
          findingList([pair[0]], number === null ? null : communities[number])));
      });
    } else if (first === "k" || first === "p") {
      var entryOf = function (number) {
        return entries(communities[number]).filter(function (entry) {
          return clauseOf(communities[number], entry)[S.id] === id && unresolved(entry) === (first === "p");
        })[0];
      };
      var found = numbers.filter(entryOf);
      var clause = D.standards[unit === null ? 0 : D.units[unit][U.standard]].clauses.filter(function (each) { return each[S.id] === id; })[0];
      title(where + id + " " + clause[S.name] + "（" + found.length + "个社区）");
      put(listNote());
      put(members(found, function (c, number) {
        var entry = entryOf(number);
        return unresolved(entry) ? "待核实" : (clause[S.adds] ? "加" : "扣") + entry[E.points] + "分";
      }, "本条"));
    } else if (first === "r") {
      title(where + "计入达标" + many("c") + "个，没有计入" + many("d") + "个");
      put(listNote(), el("h3", { text: "计入达标（" + many("c") + "个）" }), plain("c"));
      put(el("h3", { text: "没有计入（" + many("d") + "个）" }), plain("d"));
    } else {
      title(where + (KINDS[kind] || D.statuses[Number(kind)]) + "（" + many(kind) + "个）");
      put(listNote());
      put(many(kind) ? plain(kind) : el("p", { text: "没有。" }));
    }
  }); }

  function showCell(unit, column) { open(function () {
    var item = columns[column], of = D.units[unit], t = tally(unit, item), about = itemOf(of[U.standard], item);
    title(of[U.name] + "：第" + item + "项");
    if (!about) { put(el("p", { text: "本单位的标准没有这一项。" })); return; }
    put(el("p", { text: about[1] + "（" + about[2] + "分）" }));
    put(el("p", { text: t[0] ? "已报社区" + t[0] + "个，" + (about[3] ? "加分" : "失分") + "的" + t[1] + "个，共" + t[2] + "分，平均" + average(t[2], t[0]) + "分" + (t[3] ? "；另有" + t[3] + "个待核实" : "") + "。" : "没有可以计分的社区。" }));
    put(tableOf("inner", CLAUSE_HEADS, clauseRows(D.standards[of[U.standard]], item, of[U.clauses], unit)));
    var found = ofUnit(unit).filter(function (number) { return lostIn(communities[number], item); });
    found = sorted(found, function (number) { return lostIn(communities[number], item).points; }, true);
    put(el("h3", { text: (about[3] ? "加分" : "失分") + "或待核实的社区（" + found.length + "个）" }), listNote());
    put(members(found, function (c) {
      return lostIn(c, item).entries.map(function (entry) {
        return clauseOf(c, entry)[S.id] + (unresolved(entry) ? "待核实" : (clauseOf(c, entry)[S.adds] ? "加" : "扣") + entry[E.points]);
      }).join("，");
    }, "条款"));
  }); }

  function showItem(column) { open(function () {
    var item = columns[column], about = itemOf(0, item), standard = D.standards[0], sums = standard.clauses.map(function () { return [0, 0, 0, 0]; });
    title("第" + item + "项");
    if (about) {
      put(el("p", { text: about[1] + "（" + about[2] + "分）" }));
      D.units.forEach(function (of) {
        if (!of[U.standard]) of[U.clauses].forEach(function (t, place) { t.forEach(function (value, k) { sums[place][k] += value; }); });
      });
      put(tableOf("inner", CLAUSE_HEADS, clauseRows(standard, item, sums, null)));
      put(el("p", { "class": "fine", text: "按州标准评分的单位合计" + (D.others.length ? "（只含本页列出的单位）" : "") + "。" }));
    } else put(el("p", { text: "州标准没有这一项，只有自定标准的单位有。" }));
    var units = D.units.map(function (of, number) { return number; }).filter(function (number) { var t = tally(number, item); return t && t[0]; });
    units = sorted(units, function (number) { return tally(number, item)[2] / tally(number, item)[0]; }, true);
    put(el("h3", { text: "各单位" }));
    put(tableOf("inner", ["单位", "已报社区", "失（加）分的社区", "共失（加）分", "平均"], units.map(function (number) {
      var t = tally(number, item);
      return [link(unitName(number), function () { showCell(number, column); }), t[0], t[1], t[2], average(t[2], t[0])];
    })));
    put(el("p", {}, link("在社区名单中筛选本项", function () { opener = null; close(); only({ clause: "i" + item }); })));
  }); }

  /* Figures are plain text until there is a script to open what they count. */
  [["list", "list"], ["filter", "filter"], ["wrapBand", "band"]].forEach(function (names) {
    var attribute = names[0] === "wrapBand" ? "data-wrap-band" : "data-" + names[0];
    all("[" + attribute + "]").forEach(function (node) {
      var button = el("button", { type: "button", "class": "figure-link" });
      button.setAttribute("data-" + names[1], node.getAttribute(attribute));
      node.removeAttribute(attribute);
      while (node.firstChild) button.appendChild(node.firstChild);
      var bar = button.querySelector("svg");
      if (bar && !bar.hasAttribute("aria-label")) { button.tabIndex = -1; button.setAttribute("aria-hidden", "true"); }
      node.appendChild(button);
    });
  });
  document.addEventListener("click", function (event) {
    var button = event.target.closest("button"), data = button && button.dataset;
    if (!button || detail.contains(button)) return;
    if (data.unit !== undefined) showUnit(Number(data.unit));
    else if (data.cell !== undefined) { data = data.cell.split(","); showCell(Number(data[0]), Number(data[1])); }
    else if (data.item !== undefined) showItem(Number(data.item));
    else if (data.community !== undefined) showCommunity(Number(data.community));
    else if (data.list !== undefined) { data = data.list.split(","); showList(Number(data[0]), data[1]); }
    else if (data.filter !== undefined) only({ status: data.filter });
    else if (data.status !== undefined) only({ status: data.status });
    else if (data.counts !== undefined) only({ status: "c" });
    else if (data.band !== undefined) only({ band: data.band.split(",").map(Number) });
  });

  /* Browsers put former choices back after a reload. */
  form.reset();
  $("heat-sort").value = "";
  refresh();
}());

/* Rows of tables that can be chosen: by a click, or by keys, one stop of the Tab key a table. Plain ES2019. */
function mapRows(elements) {
  'use strict';

  const {byId, make, fill} = elements;

  /** Make a row one that is chosen by a click or by Enter; the arrow keys go on to the next. */
  function choosable(row, choose) {
    row.classList.add('choosable');
    row.tabIndex = -1;
    row.addEventListener('click', choose);
    row.addEventListener('keydown', (event) => {
      const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
      if (event.key === 'Enter') choose();
      else if (step) goTo(row, step);
      else return;
      event.preventDefault();
    });
    return row;
  }

  function goTo(row, step) {
    const all = [...row.closest('table').querySelectorAll('.choosable')];
    const next = all[all.indexOf(row) + step];
    if (!next) return;
    row.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  /** Fill a table with its heads, which may be none, and its rows. */
  function fillTable(id, heads, lines) {
    const head = make('tr', {}, ...heads.map((text) => make('th', {scope: 'col'}, text)));
    fill(id, heads.length ? make('thead', {}, head) : null, lines.length ? make('tbody', {}, ...lines) : null);
    const first = byId(id).querySelector('.choosable');
    if (first) first.tabIndex = 0;
  }

  return {choosable, fillTable};
}

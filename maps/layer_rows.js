/* The rows of the legend that show and hide layers. Plain ES2019. */
function mapLayerRows(map, style, elements) {
  'use strict';

  const {make, number, people, dot} = elements;
  const toggle = (layer, isOn) => (isOn ? map.addLayer(layer) : map.removeLayer(layer));

  /** A box that shows a layer, its mark, its name, and how many there are where that is told. */
  function layerRow(name, layer, mark, isOn, {count, changed = () => {}} = {}) {
    const box = make('input', {type: 'checkbox', 'data-layer': name});
    const total = count === undefined ? null : make('span', {class: 'count'}, number(count));
    const item = make('li', {class: name.length > 9 ? 'wide' : ''},
      make('label', {}, box, make('span', {class: 'mark'}, mark || ''), make('span', {class: 'name'}, name), total));
    const show = () => {
      item.classList.toggle('off', !box.checked);
      toggle(layer, box.checked);
    };
    box.checked = isOn;
    box.addEventListener('change', () => {
      show();
      changed();
    });
    show();
    return item;
  }

  /** Count anew; the row of what there is none of goes away. */
  function setCount(row, count) {
    row.hidden = !count;
    row.querySelector('.count').textContent = number(count);
  }

  const setName = (row, name) => { row.querySelector('.name').textContent = name; };

  function dotExamples() {
    const examples = style.dots.map((one) => make('span', {}, dot(style.lines.uncovered, one.radius), people(one.people)));
    return make('li', {class: 'dots wide'}, ...examples);
  }

  return {toggle, layerRow, setCount, setName, dotExamples};
}

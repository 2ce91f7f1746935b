/* The layers that every map of a city has: towns, counties, names, roads, and signs at their places. Plain ES2019. */
function mapLayers(map, stage) {
  'use strict';

  const {data, elements, view, tips, legend} = stage;
  const {words, lines} = data.style;
  const {make, rowsOf, point, outline, stroke} = elements;
  const {toggle, layerRow} = legend;
  const towns = rowsOf(data.towns);
  const counties = rowsOf(data.counties);

  /** The towns, painted by paintTowns; `said` returns what one says. */
  function addTowns(said) {
    towns.forEach((town) => {
      town.shape = L.polygon(outline(town.outline), {...lines.town, pane: 'towns', className: 'town'});
      tips.tip(town.shape, () => said(town)).addTo(map);
      town.shape.getElement().setAttribute('data-code', town.code);
      town.shape.on('mouseover', () => town.shape.setStyle(lines.town_hover).bringToFront());
      town.shape.on('mouseout', () => town.shape.setStyle(lines.town));
    });
  }

  /** The towns as the search finds them. */
  const townEntries = () => towns.map((one) => ({...one, where: one.county, go: () => tips.goToTown(one)}));

  const paintTowns = (paintOf) => towns.forEach((town) => town.shape.setStyle({fillColor: paintOf(town)}));

  /** Text on the map that nothing can be done with: a name, a number. */
  function written(at, text, className, pane) {
    const icon = L.divIcon({className, html: make('span', {}, text), iconSize: [0, 0]});
    return L.marker(point(at), {icon, pane, interactive: false, keyboard: false});
  }

  const named = (one, className) => written(one.at, one.name, `place ${className}`, 'names');

  function countyLayer() {
    const line = {...lines.county, pane: 'counties', interactive: false};
    return L.layerGroup([...counties.map((one) => L.polygon(outline(one.outline), line)),
      ...counties.map((one) => named(one, 'county'))]);
  }

  /** Signs that would lie on one of `others`, or under it, stand beside it: each stays seen. */
  function keepApart(signs, others) {
    const places = others.map((one) => [map.latLngToLayerPoint(one.getLatLng()), one.options.icon.options.iconSize[0]]);
    const scale = Number(document.querySelector('.sheet').style.getPropertyValue('--sign-scale'));
    signs.forEach((one) => {
      const at = map.latLngToLayerPoint(one.getLatLng());
      const {html, iconSize: [own]} = one.options.icon.options;
      const [other, size] = places.find(([spot, width]) => at.distanceTo(spot) < scale * (own + width) / 2) || [];
      const wanted = other ? (at.x < other.x ? -1 : 1) * (own + size) / 2 - (at.x - other.x) / scale : 0;
      html.style.setProperty('--shift', `${wanted}px`);
    });
  }

  function marker(at, box, size, className, {shift = 0, order = size * 40} = {}) {
    const html = make('span', {style: `--shift:${shift}px`}, box);
    const icon = L.divIcon({className: `sign ${className}`, html, iconSize: [size, size]});
    return L.marker(point(at), {icon, keyboard: false, zIndexOffset: order});
  }

  /** How far each sign is put aside: those on the same spot stand side by side, the first on the spot itself. */
  function shifts() {
    const taken = new Map();
    return (at, size) => {
      const spot = at.join();
      const shift = taken.has(spot) ? taken.get(spot) + size / 2 : 0;
      taken.set(spot, shift + size / 2);
      return shift;
    };
  }

  /* Names of towns would cover each other on the whole city: they wait until there is room. */
  const townNames = L.layerGroup(towns.map((town) => named(town, 'town')));
  const namesWanted = L.layerGroup();

  /** Signs are small on the whole city and grow to their full size as one zooms in. */
  function zoomed() {
    const scale = Math.max(0.68, Math.min(1, 0.68 + 0.14 * view.closer()));
    document.querySelector('.sheet').style.setProperty('--sign-scale', scale.toFixed(2));
    toggle(townNames, map.hasLayer(namesWanted) && view.closer() >= 1);
  }

  /** The last rows of every legend: roads, counties, names. */
  function groundRows() {
    const names = layerRow(words.names_layer, namesWanted, '', true, {changed: zoomed});
    names.classList.add('no-print');
    zoomed();
    return [
      ...mapRoads(data, elements).rows(layerRow, false),
      layerRow(words.counties_layer, countyLayer(), stroke(lines.county), true),
      names,
    ];
  }

  map.on('zoomend resize', zoomed);
  zoomed();
  mapLabels(map);

  return {towns, addTowns, townEntries, paintTowns, countyLayer, written, marker, keepApart, shifts, groundRows};
}

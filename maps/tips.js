/* Tooltips; and the place that was searched or chosen: it is ringed, and its tooltip stays until another one opens,
   the map moves or the question changes. Plain ES2019. */
function mapTips(map, view, look) {
  'use strict';

  const options = {className: 'tip', opacity: 1, direction: 'auto', sticky: true};
  const spot = L.circleMarker([0, 0], {...look, radius: 14, pane: 'spot', interactive: false});
  let pinned = null;

  const tip = (layer, write) => layer.bindTooltip(write, options);

  function unpin() {
    if (pinned) map.closeTooltip(pinned);
    pinned = null;
    spot.remove();
  }

  function goToTown(town) {
    unpin();
    view.visit(town.shape.getBounds(), {maxZoom: 13, padding: [60, 60]});
    town.shape.openTooltip([town.at[1] / 1e5, town.at[0] / 1e5]);
  }

  function goToSpot([lon, lat], content) {
    unpin();
    const at = [lat / 1e5, lon / 1e5];
    map.setView(at, Math.max(map.getZoom(), map.getBoundsZoom(view.home) + 2), {animate: false});
    spot.setLatLng(at).addTo(map);
    spot.unbindTooltip().bindTooltip(content, {...options, sticky: false, offset: [16, 0]}).openTooltip();
  }

  /* A tooltip taller than the space beside the pointer would be cut off: move it up or down into the map. */
  const place = L.Tooltip.prototype._setPosition;
  L.Tooltip.include({
    _setPosition(at) {
      place.call(this, at);
      const corner = L.DomUtil.getPosition(this._container);
      const inMap = this._map.layerPointToContainerPoint(corner);
      const room = this._map.getSize().y - this._container.offsetHeight - 6;
      const y = Math.max(6, Math.min(inMap.y, room));
      L.DomUtil.setPosition(this._container, corner.add([0, y - inMap.y]));
    },
  });

  map.on('preclick zoomstart', unpin);
  map.on('tooltipopen', (event) => {
    if (pinned && pinned !== event.tooltip) map.closeTooltip(pinned);
    if (event.tooltip !== spot.getTooltip()) spot.remove();
    pinned = event.tooltip;
  });
  map.on('tooltipclose', (event) => {
    if (pinned === event.tooltip) pinned = null;
  });

  return {tip, unpin, goToTown, goToSpot};
}

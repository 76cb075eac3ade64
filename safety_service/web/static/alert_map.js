// The last position against the address: on a map where there is a tile server, else on plain ground with rings.

const RINGS = [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000]; // metres
const INK = "#0b0c0c";
const SEEN = "#1d70b8";
let map;

/** Draw it, or draw it again; where that fails, the words below say it all. */
export async function drawn(box) {
  try {
    await import("./vendor/leaflet/leaflet.js");
    paint(window.L, box);
  } catch (error) {
    console.warn("no map", error);
    box.hidden = true;
  }
}

function paint(L, box) {
  map?.remove();
  box.hidden = false;
  const home = place(box.dataset.home);
  const seen = place(box.dataset.seen);
  // One finger moves the page, not the map: nobody is caught in it. Two fingers, the buttons and the keys move the map.
  map = L.map(box, { scrollWheelZoom: false, dragging: !L.Browser.mobile, attributionControl: false, zoomAnimation: false, fadeAnimation: false, markerZoomAnimation: false, zoomSnap: 0.25, maxZoom: 19 });
  const centre = home ?? seen;
  const away = Number(box.dataset.away ?? 0);
  const accuracy = Number(box.dataset.accuracy || 0);
  const reach = Math.max(away * 1.15, home ? 0 : accuracy, 60);
  map.fitBounds(L.latLng(centre).toBounds(reach * 2.3));
  if (box.dataset.tiles) ground(L, box.dataset.tiles, box.dataset.credit);
  else rings(L, centre, reach);
  if (seen && accuracy) {
    L.circle(seen, { radius: accuracy, color: SEEN, weight: 1, fillOpacity: 0.15, interactive: false, className: "ds-map-accuracy" }).addTo(map);
  }
  if (home && seen) L.polyline([home, seen], { color: INK, weight: 2, dashArray: "4 6", interactive: false }).addTo(map);
  if (home) dot(L, home, INK, "Address", "left", "ds-map-home");
  if (seen) dot(L, seen, SEEN, "Last seen", "right", "ds-map-seen");
}

function dot(L, at, color, label, direction, className) {
  L.circleMarker(at, { radius: 8, color: "#fff", weight: 2, fillColor: color, fillOpacity: 1, interactive: false, className })
    .bindTooltip(label, { permanent: true, direction, offset: [direction === "left" ? -8 : 8, 0] })
    .addTo(map);
}

/** Round distances around the address, each with its length. */
function rings(L, centre, reach) {
  const fitting = RINGS.filter((each) => each <= reach * 1.6);
  for (const radius of fitting.slice(-4)) {
    L.circle(centre, { radius, color: "#6f777b", weight: 1, fill: false, interactive: false, className: "ds-map-ring" }).addTo(map);
    const top = [centre[0] + radius / 111_320, centre[1]];
    L.tooltip({ permanent: true, direction: "center", className: "ds-ring" }).setLatLng(top).setContent(said(radius)).addTo(map);
  }
}

/** Leaflet empties a tile with an address of its own kind, which our content-security policy does not let by. */
function ground(L, url, credit) {
  const Tiles = L.TileLayer.extend({
    _abortLoading() {},
    _removeTile(key) {
      return L.GridLayer.prototype._removeTile.call(this, key);
    },
  });
  new Tiles(url, { maxZoom: 19, referrerPolicy: "no-referrer" }).addTo(map);
  if (credit) {
    const text = document.createElement("span");
    text.textContent = credit;
    L.control.attribution({ prefix: false }).addAttribution(text.innerHTML).addTo(map);
  }
}

const said = (metres) => (metres < 1_000 ? `${metres} m` : `${metres / 1_000} km`);

function place(degrees) {
  return degrees ? degrees.split(",").map(Number) : null;
}

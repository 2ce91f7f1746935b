/* How numbers are written for people: the rules of planner/text.py, held equal by a test. Plain ES2019. */
function mapNumbers() {
  'use strict';

  const UNKNOWN = '—';
  const isKnown = (value) => typeof value === 'number' && Number.isFinite(value);

  /** So many decimals, half up as the number is written: 1.005 becomes 1.01. */
  function rounded(value, digits) {
    const size = Math.abs(value);
    const steps = Math.round(size < 1e-6 ? size * 10 ** digits : Number(`${size}e${digits}`));
    return Math.sign(value) * Number(`${steps}e-${digits}`);
  }

  const formats = new Map(); // each takes long to make and little to use

  function decimals(value, least, most) {
    const key = `${least} ${most}`;
    if (!formats.has(key)) formats.set(key, new Intl.NumberFormat('zh-CN', {minimumFractionDigits: least, maximumFractionDigits: most}));
    return formats.get(key).format(value);
  }

  /** So many decimals; nothing is 0, and what is less than the last of them is told as that. */
  function measured(value, digits, unit) {
    if (!isKnown(value)) return UNKNOWN;
    const shown = rounded(value, digits);
    const least = Number(`1e-${digits}`) * (value < 0 ? -1 : 1);
    const less = `${value > 0 ? '不到 ' : ''}${decimals(least, digits, digits)}`;
    const said = value === 0 ? '0' : shown === 0 ? less : decimals(shown, digits, digits);
    return unit ? `${said} ${unit}` : said;
  }

  /** People, places: whole. */
  const count = (value) => measured(value, 0);

  /** A rate, a factor: whole where it is whole, else two decimals, or as many more as it takes to show. */
  function number(value) {
    if (!isKnown(value) || Number.isInteger(value)) return count(value);
    let digits = 2;
    while (rounded(value, digits) === 0 && digits < 12) digits += 1;
    return decimals(rounded(value, digits), digits, digits);
  }

  /** What somebody set, as it was written. */
  const exact = (value) => (isKnown(value) ? decimals(rounded(value, 12), 0, 12) : UNKNOWN);

  /** A part of a whole in per cent, which is never rounded to all or to nothing while somebody is left. */
  function share(part, whole) {
    if (!whole) return UNKNOWN;
    const percent = rounded((part / whole) * 100, 2);
    if (part < whole && percent >= 100) return '99.99%';
    return part > 0 && percent <= 0 ? '0.01%' : `${decimals(percent, 2, 2)}%`;
  }

  const kilometres = (metres) => measured(isKnown(metres) ? metres / 1000 : metres, 2, '公里');
  const minutes = (value) => measured(value, 1, '分钟');
  const wan = (value) => (value >= 10000 ? `${decimals(rounded(value / 10000, 1), 1, 1)} 万` : count(value));

  /** Longitude and latitude in degrees, to about ten metres. */
  const coordinates = (place) => place.map((one) => decimals(one, 4, 4)).join(', ');

  return {count, share, number, coordinates, exact, kilometres, minutes, wan};
}

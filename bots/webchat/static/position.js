// Where the phone is, asked for by a tap and never otherwise.

const OPTIONS = { enableHighAccuracy: true, timeout: 15_000, maximumAge: 30_000 }; // ms

/** The position, or null when the phone does not say. */
export function position() {
  return new Promise((resolve) => {
    if (!navigator.geolocation) return resolve(null);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) =>
        resolve({ latitude: coords.latitude, longitude: coords.longitude, accuracy_m: Math.round(coords.accuracy) }),
      () => resolve(null),
      OPTIONS,
    );
  });
}

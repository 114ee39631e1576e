/** Names that a page makes itself. */

/**
 * A new random uuid. `crypto.randomUUID` is missing where a class reaches us by address over plain HTTP.
 */
export function newUuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

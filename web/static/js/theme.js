const name = "metertree-theme";
const themes = ["auto", "light", "dark"];
const marks = { auto: "◐", light: "○", dark: "●" };

/**
 * Lets a button choose between the system's theme, light and dark. The choice is
 * the reader's and no part of the address.
 * @param {HTMLButtonElement} button
 * @param {function()} changed told when colours are others
 */
export function theme(button, changed) {
	let chosen = stored();
	const apply = () => {
		document.documentElement.dataset.theme = chosen;
		button.textContent = marks[chosen];
		button.title = button.ariaLabel = `Theme: ${chosen}`;
	};
	button.addEventListener("click", () => {
		chosen = themes[(themes.indexOf(chosen) + 1) % themes.length];
		try {
			localStorage.setItem(name, chosen);
		} catch { /* a browser may refuse to keep anything */ }
		apply();
		changed();
	});
	matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
	apply();
}

function stored() {
	try {
		const value = localStorage.getItem(name);
		return themes.includes(value) ? value : "auto";
	} catch {
		return "auto";
	}
}

// The range input holds the share of the prediction that is shown. Its thumb is out of sight, so that some browsers do not
// let go of it where the picture is touched: the pointer sets it anywhere in the picture, the keyboard where it has focus.
function show(slider) {
  slider.parentElement.style.setProperty("--at", slider.value + "%");
}

function follow(event) {
  const slider = event.target;
  if (!slider.matches(".slider") || !(event.buttons & 1)) return;
  const box = slider.getBoundingClientRect();
  slider.value = (100 * (event.clientX - box.left)) / box.width;
  show(slider);
}

document.addEventListener("input", (event) => {
  if (event.target.matches(".slider")) show(event.target);
});
document.addEventListener("pointerdown", (event) => {
  if (event.target.matches(".slider")) event.target.setPointerCapture(event.pointerId);
  follow(event);
});
document.addEventListener("pointermove", follow);

"""How a measure is told."""

# Its title, its unit, and its decimals; in the order of tables.
TITLES = {
    "psnr": ("PSNR", "dB", 2),
    "ssim": ("SSIM", "", 4),
    "interpolation_error": ("IE", "", 3),
    "tof": ("tOF", "", 3),
    "lpips": ("LPIPS", "", 4),
    "psnr_baseline": ("baseline: PSNR", "dB", 2),
    "ssim_baseline": ("baseline: SSIM", "", 4),
    "interpolation_error_baseline": ("baseline: IE", "", 3),
}

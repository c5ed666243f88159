"""Export a network: python export.py --model ifrnet_s --height 256 --width 448 --file_format MINDIR --file_name OUT"""

from src.config import parse_options
from src.errors import run_command
from src.export.options import ExportOptions


def main(argv):
    options = parse_options(ExportOptions, argv, __doc__)

    from src.export.files import Exporter

    exporter = Exporter(options)
    for size, path in options.paths.items():
        difference = exporter.export(size, path)
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, differs from its golden output by {difference:.2g}")


if __name__ == "__main__":
    run_command(main)

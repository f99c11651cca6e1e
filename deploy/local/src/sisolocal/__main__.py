"""`python -m sisolocal`: what `./siso` hands over to."""

from sisolocal.cli import main

if __name__ == "__main__":
    main()
